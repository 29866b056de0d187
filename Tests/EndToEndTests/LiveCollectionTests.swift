import LivelogClient
import TestSupport
import Testing

/// The Swift client's live collection, with a real server that is killed under it.
@Suite struct LiveCollectionTests {
    /// A list is followed from its snapshot on, while its server is killed and started again between changes. In the
    /// end it is what was published, and the changes that it told lead there one by one.
    @Test(.timeLimit(.minutes(3)))
    func acrossKilledServersACollectionBecomesWhatWasPublished() async throws {
        var generator = SeededGenerator.ofThisRun()
        print(generator.description)
        var tasks = Tasks()
        try await withServer { server in
            try await server.publish(lines: tasks.changes(40, using: &generator))
            let client = try LivelogClient(server: server.url)
            let collection = client.collection(
                of: Subscription(
                    model: "todolist.Task", where: .init(property: "list_id", equals: .integer(42)))
            )
            let followed = try await withThrowingTaskGroup(
                of: [InstanceKey: String].self
            ) { group in
                group.addTask { try await Self.follow(collection, from: [:], until: "end") }
                for _ in 0..<4 {
                    try await server.publish(lines: tasks.changes(15, using: &generator))
                    await server.kill()
                    try await server.restart()
                    try await server.publish(lines: tasks.changes(15, using: &generator))
                }
                try await server.publish(lines: tasks.change("end"))
                return try await group.next()
            }
            #expect(followed == tasks.list)
            #expect(await collection.items.mapValues(text) == tasks.list)

            // Nobody drives it now. Whoever comes next goes on from there.
            #expect(await collection.state == .reconnecting)
            try await server.publish(lines: tasks.changes(15, using: &generator))
            try await server.publish(lines: tasks.change("later"))
            let later = try await Self.follow(
                collection, from: followed ?? [:], until: "later")
            #expect(later == tasks.list)
            await collection.close()
            #expect(await collection.state == .ended)
        }
    }

    /// Makes the changes that a collection tells, until it is live and has an instance.
    private static func follow(
        _ collection: LiveCollection, from start: [InstanceKey: String], until last: InstanceKey
    ) async throws -> [InstanceKey: String] {
        var items = start
        for try await update in collection {
            for change in update.changes {
                switch change {
                case .inserted(let key, let instance):
                    #expect(items.updateValue(text(instance), forKey: key) == nil)
                case .updated(let key, let instance, let previous):
                    #expect(items.updateValue(text(instance), forKey: key) == text(previous))
                case .removed(let key, let previous):
                    #expect(items.removeValue(forKey: key) == text(previous))
                }
            }
            if update.state == .live, items[last] != nil { break }
        }
        return items
    }
}

/// What was published, as the log should know it.
private struct Tasks {
    private var instances: [InstanceKey: (list: Int, json: String)] = [:]
    private var version = 0

    /// The tasks of list 42.
    var list: [InstanceKey: String] {
        self.instances.filter { $0.value.list == 42 }.mapValues(\.json)
    }

    /// Random changes, one a line. A task's key is a number or the same as a string.
    mutating func changes(_ count: Int, using generator: inout SeededGenerator) -> String {
        (0..<count).map { _ in
            let number = generator.below(12)
            return self.change(
                "\(number)", id: generator.chance(1, in: 2) ? "\(number)" : "\"\(number)\"",
                list: generator.chance(2, in: 3) ? 42 : 7, isEnd: generator.chance(1, in: 5))
        }.joined(separator: "\n")
    }

    /// A new task of list 42.
    mutating func change(_ name: String) -> String {
        self.change(name, id: "\"\(name)\"", list: 42, isEnd: false)
    }

    private mutating func change(_ name: String, id: String, list: Int, isEnd: Bool) -> String {
        let key = InstanceKey(name)
        let wasThere = self.instances[key] != nil
        self.version += 1
        let json = #"{"id":\#(id),"text":"version \#(self.version)","list_id":\#(list)}"#
        let action: String
        if wasThere, isEnd {
            self.instances[key] = nil
            action = "DELETED"
        } else {
            self.instances[key] = (list, json)
            action = wasThere ? "UPDATED" : "CREATED"
        }
        return #"{"model":"todolist.Task","action":"\#(action)","instance":\#(json)}"#
    }
}

private func text(_ json: [UInt8]) -> String {
    String(decoding: json, as: UTF8.self)
}
