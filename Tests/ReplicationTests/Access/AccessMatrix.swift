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
    /// The views whose rules the application knows and not the server, which asks about every record instead.
    var asked: Set<Int> = []
    /// Whether answers come late.
    var isLate = false

    private static let changeCount = 60

    /// Where server and oracle do not agree, in words.
    func disagreements() throws -> [String] {
        var findings: [String] = []
        try withTemporaryLog { writer in
            var mill = TaskMill(seed: self.seed)
            let changes = (0..<Self.changeCount).map { _ in mill.change() }
            let policy = Self.policy(self.served, asking: self.asked)
            var readers = Self.readers(policy)
            let server = Server(writer)
            let application = self.application(for: server, of: changes)
            for index in readers.indices { readers[index].subscribe(on: server, from: "now") }
            for change in changes {
                try server.append(Self.batch(change))
                if self.isLate {
                    server.settle()
                    application.answerSome()
                } else {
                    application.settle(server)
                }
            }
            application.settle(server)
            let oracle = AccessOracle(policy: self.expected)
            for var reader in readers {
                let truth = Truth(changes, reader, oracle)
                reader.check("live", reader.takeRecords(), truth.records(from: 0), &findings)
                try Self.checkPast(reader, truth, server, application, &findings)
            }
        }
        return findings
    }

    /// An application that knows the rules of the views that are asked about.
    private func application(
        for server: Server, of changes: [PlainChange]
    ) -> DecidingApplication {
        DecidingApplication(for: server, seed: self.seed) { principal, question in
            let view = Int(question.question.name) ?? 0
            let oracle = AccessOracle(policy: [self.served[view]])
            return oracle.view(of: changes[Int(question.offset.rawValue)], for: principal) != nil
        }
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
        _ reader: MatrixReader, _ truth: Truth, _ server: Server,
        _ application: DecidingApplication, _ findings: inout [String]
    ) throws {
        guard reader.dialect != .restLive else { return }
        for (from, expected) in [
            ("start", truth.records(from: 0)), ("{\"offset\":17}", truth.records(from: 17)),
            ("snapshot", truth.snapshot()),
        ] {
            var again = MatrixReader(reader.principal, reader.dialect, reader.wanted, reader.policy)
            again.subscribe(on: server, from: from)
            application.settle(server)
            again.check(from, again.takeRecords(), expected, &findings)
        }
        guard reader.dialect == .livelog1, let filter = reader.seen else { return }
        let log = server.log
        let predicate = Predicate(filter, hasher: log.hasher)
        var limits = ChangePage.Limits()
        limits.recordsMax = 1000
        var page = try ChangePage(
            of: predicate, in: log, from: .zero, limits: limits, by: server.decisions)
        while !page.undecided.isEmpty {
            application.decide(page.undecided, for: [reader.principal])
            page = try ChangePage(
                of: predicate, in: log, from: .zero, limits: limits, by: server.decisions)
        }
        reader.check(
            "page", [String(decoding: page.records, as: UTF8.self)],
            [truth.records(from: 0).joined(separator: ",")], &findings)
        guard reader.wanted == nil else { return }
        for key in 0..<8 {
            func read<Result>(
                _ body: (inout InstanceReader) throws -> Result
            ) throws -> Result {
                while true {
                    var one = InstanceReader(
                        model: "tasks.Task", key: Text(String(key)), seenBy: filter.sight, in: log,
                        by: server.decisions)
                    let result = try body(&one)
                    if one.undecided.isEmpty { return result }
                    application.decide(one.undecided, for: [reader.principal])
                }
            }
            let shown: String
            switch try read({ try $0.state() }) {
            case .unknown: shown = "unknown"
            case .deleted: shown = "deleted"
            case .alive(_, let json):
                shown = Self.instance(in: String(decoding: json, as: UTF8.self))
            }
            reader.check("instance \(key)", [shown], [truth.state(of: key)], &findings)
            let history = try read { try $0.history(limit: 1000) }
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

    static func policy(_ views: Views, asking asked: Set<Int> = []) -> AccessPolicy {
        let rules = views.enumerated().map { index, view in
            ModelPolicy.ViewRule(
                view: view.fields == nil
                    ? .whole
                    : View(name: Text("view \(index)"), fields: view.fields?.map { Text($0) }),
                rule: asked.contains(index) ? .everyone : view.rule,
                question: asked.contains(index) ? String(index) : nil)
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
        self.add(change, to: &builder)
        return builder.finish()
    }

    /// Adds a change to the batch at hand.
    static func add(_ change: PlainChange, to builder: inout ChangesBuilder) {
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
    }
}
