import LivelogClient

/// The examples of `docs/clients.md`, as they stand there: what is between the marks is compared with it.
enum DocumentedExamples {
    /// Prints what becomes of a list's tasks.
    static func collection(url: String, print: Printer) async throws {
        // example: collection
        let client = try LivelogClient(server: url)
        let tasks = client.collection(
            of: Subscription(
                model: "todolist.Task", where: .init(property: "list_id", equals: .integer(42)),
                from: .snapshot))
        for try await update in tasks {
            for change in update.changes {
                switch change {
                case .inserted(let key, _): print("new:", key)
                case .updated(let key, _, _): print("changed:", key)
                case .removed(let key, _): print("gone:", key)
                }
            }
            if update.state == .live { print("live with", await tasks.items.count) }
        }
        // end
    }

    /// Prints what becomes of some orders, from `token` on, and moves that.
    static func deliveries(
        url: String, token: inout String?, print: Printer
    ) async throws {
        // example: deliveries
        let client = try LivelogClient(server: url)
        let orders = Subscription(
            model: "shop.Order",
            where: [
                try .init(expression: "total>=10"), try .init(expression: "total<100"),
                .init(property: "state", .isNot([.string("paid"), .string("cancelled")])),
            ],
            from: token.map { .token($0) } ?? .start, catchUp: .latest, budget: 10_000,
            afterReset: .snapshot)
        for try await delivery in client.subscribe(to: orders) {
            if delivery.kind == .snapshot { print("begin anew") }
            for record in delivery.records {
                print(record.change, String(decoding: record.key, as: UTF8.self))
            }
            // Kept with what was made of the records, so that both are of one moment.
            token = delivery.token
        }
        // end
    }
}

/// Takes what the examples print.
struct Printer: Sendable {
    let lines = Recorder<String>()

    func callAsFunction(_ words: Any...) {
        self.lines.add(words.map { "\($0)" }.joined(separator: " "))
    }
}
