import Access
import LogModel
import LogStorage
import Matching
import Replication
import Sessions
import TestSupport
import WireProtocol

/// A run of random changes, read by every principal in every way.
struct AccessMatrix {
    typealias Views = [(fields: [String]?, rule: Rule)]

    let seed: UInt64
    /// What the server is told.
    let served: Views
    /// What the oracle goes by.
    let expected: Views

    private static let changeCount = 60

    /// Where server and oracle do not agree, in words.
    func disagreements() throws -> [String] {
        var findings: [String] = []
        try withTemporaryLog { writer in
            var mill = TaskMill(seed: self.seed)
            let changes = (0..<Self.changeCount).map { _ in mill.change() }
            let policy = Self.policy(self.served)
            var readers = Self.readers(policy)
            let server = Server(writer)
            for index in readers.indices { readers[index].subscribe(on: server, from: "now") }
            for change in changes {
                try server.append(Self.batch(change))
                server.settle()
            }
            let oracle = AccessOracle(policy: self.expected)
            for var reader in readers {
                let truth = Truth(changes, reader, oracle)
                reader.check("live", reader.takeRecords(), truth.records(from: 0), &findings)
                try Self.checkPast(reader, truth, server, &findings)
            }
        }
        return findings
    }

    /// The same when what may be seen changes in the middle, for who is live then.
    func disagreements(changingTo views: Views) throws -> [String] {
        var findings: [String] = []
        try withTemporaryLog { writer in
            var mill = TaskMill(seed: self.seed)
            let changes = (0..<Self.changeCount).map { _ in mill.change() }
            let half = Self.changeCount / 2
            // Who may not ask at first is refused, and has to ask again; but for the original's clients.
            var readers = Self.readers(Self.policy(self.served)).filter {
                $0.seen != nil || $0.dialect == .restLive && !$0.isRestLive2
            }
            let server = Server(writer)
            for index in readers.indices { readers[index].subscribe(on: server, from: "now") }
            for change in changes[..<half] { try server.append(Self.batch(change)) }
            // Some of it is in chunks that nobody has taken, or was not read yet: that is seen with the new rights.
            let policy = Self.policy(views)
            _ = server.dispatcher.become(policy)
            server.settle()
            for index in readers.indices {
                readers[index].policy = policy
                let early = readers[index].takeRecords()
                let oracle = AccessOracle(policy: views)
                if readers[index].dialect == .restLive {
                    let truth = Truth(Array(changes[..<half]), readers[index], oracle)
                    readers[index].check("early", early, truth.records(from: 0), &findings)
                } else if readers[index].wasReset {
                    readers[index].check("after the reset", early, [], &findings)
                    readers[index].subscribe(on: server, from: "snapshot")
                    server.settle()
                    let truth = Truth(Array(changes[..<half]), readers[index], oracle)
                    readers[index].check(
                        "snapshot", readers[index].takeRecords(), truth.snapshot(), &findings)
                }
            }
            for change in changes[half...] { try server.append(Self.batch(change)) }
            server.settle()
            for var reader in readers {
                let truth = Truth(changes, reader, AccessOracle(policy: views))
                reader.check("late", reader.takeRecords(), truth.records(from: half), &findings)
            }
        }
        return findings
    }

    // MARK: - Reading the past

    private static func checkPast(
        _ reader: MatrixReader, _ truth: Truth, _ server: Server, _ findings: inout [String]
    ) throws {
        guard reader.dialect != .restLive else { return }
        for (from, expected) in [
            ("start", truth.records(from: 0)), ("{\"offset\":17}", truth.records(from: 17)),
            ("snapshot", truth.snapshot()),
        ] {
            var again = MatrixReader(reader.principal, reader.dialect, reader.wanted, reader.policy)
            again.subscribe(on: server, from: from)
            server.settle()
            again.check(from, again.takeRecords(), expected, &findings)
        }
        guard reader.dialect == .livelog1, let filter = reader.seen else { return }
        let log = server.log
        let predicate = Predicate(filter, hasher: log.hasher)
        var limits = ChangePage.Limits()
        limits.recordsMax = 1000
        let page = try ChangePage(of: predicate, in: log, from: .zero, limits: limits)
        reader.check(
            "page", [String(decoding: page.records, as: UTF8.self)],
            [truth.records(from: 0).joined(separator: ",")], &findings)
        guard reader.wanted == nil else { return }
        for key in 0..<8 {
            let one = InstanceReader(
                model: "tasks.Task", key: Text(String(key)), seenBy: filter.sight, in: log)
            let shown: String
            switch try one.state() {
            case .unknown: shown = "unknown"
            case .deleted: shown = "deleted"
            case .alive(_, let json):
                shown = Self.instance(in: String(decoding: json, as: UTF8.self))
            }
            reader.check("instance \(key)", [shown], [truth.state(of: key)], &findings)
            let history = try one.history(limit: 1000)
            let shownHistory = String(decoding: history.records, as: UTF8.self)
                .split(separator: "{\"offset\":").map { Self.instance(in: String($0)) }
            reader.check("history \(key)", shownHistory, truth.history(of: key), &findings)
        }
    }

    /// What stands after `"instance":`, without the time that ends a dated record.
    private static func instance(in record: String) -> String {
        guard let start = record.firstRange(of: "\"instance\":")?.upperBound else { return "" }
        let end = record.firstRange(of: ",\"time\":")?.lowerBound ?? record.endIndex
        return String(record[start..<end])
    }

    // MARK: - The world

    static func policy(_ views: Views) -> AccessPolicy {
        let rules = views.enumerated().map { index, view in
            ModelPolicy.ViewRule(
                view: view.fields == nil
                    ? .whole
                    : View(name: Text("view \(index)"), fields: view.fields?.map { Text($0) }),
                rule: view.rule)
        }
        return AccessPolicy(
            models: [
                ModelPolicy(
                    model: "tasks.Task", groups: ["owner", "list", "state"], views: rules,
                    publish: .everyone)
            ], isOpen: false)
    }

    private static func readers(_ policy: AccessPolicy) -> [MatrixReader] {
        AccessMatrixTests.principals.flatMap { principal in
            AccessMatrixTests.filters.flatMap { filter in
                [MatrixReader(principal, .restLive, filter, policy, isRestLive2: true)]
                    + Dialect.allCases.compactMap { dialect in
                        // The original asks for groups only, and never for null.
                        if dialect == .restLive, filter == nil || filter?.value.kind == .null {
                            return nil
                        }
                        return MatrixReader(principal, dialect, filter, policy)
                    }
            }
        }
    }

    static func batch(_ change: PlainChange) -> Changes {
        var builder = ChangesBuilder()
        let groups = change.properties.compactMap { name, json -> (Text, Scalar)? in
            guard name == "owner" || name == "list" || name == "state" else { return nil }
            let text = change.value(name) ?? ""
            let value: Scalar =
                json == "null"
                ? .null
                : Scalar(kind: json.hasPrefix("\"") ? .string : .number, text: Text(text))
            return (Text(name), value)
        }
        builder.add(
            change.action, "tasks.Task", key: .number(change.key), groups: groups,
            instance: change.json)
        return builder.finish()
    }
}
