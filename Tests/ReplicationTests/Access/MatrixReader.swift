import Access
import LogModel
import Replication
import Sessions
import WireProtocol

/// One principal with one subscription in one dialect.
struct MatrixReader {
    let principal: Principal
    let dialect: Dialect
    let wanted: (property: String, value: Scalar)?
    /// Of a client of django-rest-live, whether it speaks rest-live 2.
    let isRestLive2: Bool
    var policy: AccessPolicy
    private var connection = RecordingConnection()
    private(set) var wasReset = false

    init(
        _ principal: Principal, _ dialect: Dialect, _ wanted: (property: String, value: Scalar)?,
        _ policy: AccessPolicy, isRestLive2: Bool = false
    ) {
        self.isRestLive2 = isRestLive2
        self.principal = principal
        self.dialect = dialect
        self.wanted = wanted
        self.policy = policy
    }

    /// What is asked for, whoever asks.
    private var filter: Filter {
        Filter(
            model: "tasks.Task",
            conditions: self.wanted.map {
                [Condition(property: Text($0.property), test: .isIn([$0.value]))]
            } ?? [])
    }

    /// What is asked for, as far as it is seen; nil if it may not be asked for.
    var seen: Filter? { Reader(self.principal, under: self.policy).filter(self.filter) }

    /// Connects and subscribes.
    mutating func subscribe(on server: Server, from start: String) {
        self.connection = RecordingConnection()
        self.wasReset = false
        let id = server.dispatcher.open(
            Session(
                dialect: self.dialect, reader: Reader(self.principal, under: self.policy),
                limits: server.sessionLimits), connection: self.connection)
        switch self.dialect {
        case .restLive where self.isRestLive2:
            let kwargs = self.wanted.map { #""\#($0.property)":\#(Self.json($0.value))"# }
            server.receive(
                #"{"type":"subscribe","id":1,"model":"tasks.Task","action":"list","view_kwargs":{\#(kwargs ?? "")}}"#,
                from: id)
        case .restLive:
            let value = self.wanted.map { Self.json($0.value) } ?? "null"
            server.receive(
                #"{"model":"tasks.Task","property":"\#(self.wanted?.property ?? "")","value":\#(value)}"#,
                from: id)
        case .livelog1:
            let place = start.hasPrefix("{") ? start : "\"\(start)\""
            let filter = self.wanted.map {
                #","where":{"\#($0.property)":\#(Self.json($0.value))}"#
            }
            server.receive(
                #"{"subscribe":1,"model":"tasks.Task"\#(filter ?? ""),"from":\#(place)}"#, from: id)
        case .serverSentEvents, .ndjson:
            let place: SubscriptionRequest.Start =
                switch start {
                case "now": .now
                case "start": .start
                case "snapshot": .snapshot
                default: .offset(Offset(17))
                }
            _ = server.dispatcher.subscribe(
                SubscriptionRequest(filter: self.filter, start: place), on: id)
        }
    }

    private static func json(_ value: Scalar) -> String {
        switch value.kind {
        case .null: "null"
        case .string: "\"\(value.text)\""
        case .number, .boolean: value.text.string
        }
    }

    /// The records since the last call, as they were sent; of a frame of rest-live the whole frame.
    mutating func takeRecords() -> [String] {
        defer { self.connection.clear() }
        let text =
            self.dialect.isStream
            ? self.connection.sent.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
            : self.connection.messages.joined(separator: "\n")
        self.wasReset = self.wasReset || text.contains("access-changed")
        var records: [String] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("{\"type\":\"error\"") {
            if self.dialect == .restLive || line.hasPrefix("{\"offset\":") {
                records.append(String(line))
            } else if let start = line.firstRange(of: "\"records\":[")?.upperBound,
                let end = line[start...].lastIndex(of: "]"), end > start
            {
                records += line[start..<end].split(separator: ",{\"offset\":").enumerated().map {
                    $0.offset == 0 ? String($0.element) : "{\"offset\":" + $0.element
                }
            }
        }
        return records
    }

    /// Notes where `found` is not `expected`.
    func check(
        _ place: String, _ found: [String], _ expected: [String], _ findings: inout [String]
    ) {
        guard found != expected else { return }
        let difference =
            zip(found, expected).first { $0 != $1 }.map { "\($0.0) and not \($0.1)" }
            ?? "\(found.count) records and not \(expected.count)"
        let wanted = self.wanted.map { "\($0.property)=\($0.value.text)" } ?? "all"
        findings.append(
            "\(self.principal.subject) \(self.dialect) \(wanted) \(place): \(difference)")
    }
}

/// What one reader has to get.
struct Truth {
    private struct Line {
        let offset: Int
        let change: PlainChange
        let did: SetChange
        let fields: [String]?
    }

    private let changes: [PlainChange]
    private let reader: MatrixReader
    private let oracle: AccessOracle
    private var lines: [Line] = []

    init(_ changes: [PlainChange], _ reader: MatrixReader, _ oracle: AccessOracle) {
        self.changes = changes
        self.reader = reader
        self.oracle = oracle
        var alive: [Int: PlainChange] = [:]
        for (offset, change) in changes.enumerated() {
            let before = alive[change.key].flatMap { self.view($0) }
            let after = change.action == .deleted ? nil : self.view(change)
            alive[change.key] = change.action == .deleted ? nil : change
            guard
                let did = SetChange(
                    wasIn: before != nil, isIn: after != nil, action: change.action),
                let view = after ?? before
            else { continue }
            self.lines.append(
                Line(
                    offset: offset, change: change, did: did, fields: oracle.policy[view].fields))
        }
    }

    /// By which view an instance is in the reader's set; nil if it is not.
    private func view(_ instance: PlainChange) -> Int? {
        if let wanted = self.reader.wanted {
            let value = wanted.value.kind == .null ? "null" : wanted.value.text.string
            guard instance.value(wanted.property) == value else { return nil }
        }
        return self.oracle.view(of: instance, for: self.reader.principal)
    }

    /// The records from `start` on.
    func records(from start: Int) -> [String] {
        self.lines.filter { $0.offset >= start }.compactMap { line in
            guard self.reader.dialect == .restLive else { return Self.record(line, line.did) }
            guard !self.reader.isRestLive2 else { return Self.broadcast(line) }
            guard line.did != .left, let wanted = self.reader.wanted else { return nil }
            // The value as it stands in the record.
            let json = line.change.properties.first { $0.name == wanted.property }?.json ?? "null"
            return #"{"model":"tasks.Task","instance":\#(line.change.json(of: line.fields))"#
                + #","action":"\#(line.change.action.name)","group_key_value":\#(json)}"#
        }
    }

    /// The instances of the set at the end, each with its last record.
    func snapshot() -> [String] {
        var last: [Int: Line] = [:]
        for line in self.lines { last[line.change.key] = line }
        return last.values.filter { $0.did == .entered || $0.did == .updated }
            .sorted { $0.offset < $1.offset }.map { Self.record($0, .entered) }
    }

    /// What an instance looks like in the end.
    func state(of key: Int) -> String {
        guard let line = self.lines.last(where: { $0.change.key == key }), line.did != .left,
            line.offset == self.changes.lastIndex(where: { $0.key == key })
        else { return "unknown" }
        return line.did == .deleted ? "deleted" : line.change.json(of: line.fields)
    }

    /// What happened to an instance: each time what was seen of it.
    func history(of key: Int) -> [String] {
        self.lines.filter { $0.change.key == key }.map {
            $0.did == .left ? "" : $0.change.json(of: $0.fields)
        }
    }

    private static func broadcast(_ line: Line) -> String {
        let (action, instance) =
            switch line.did {
            case .entered: ("CREATED", line.change.json(of: line.fields))
            case .updated: ("UPDATED", line.change.json(of: line.fields))
            case .left, .deleted:
                ("DELETED", #"{"pk":\#(line.change.key),"id":\#(line.change.key)}"#)
            }
        return
            #"{"type":"broadcast","id":1,"model":"tasks.Task","action":"\#(action)","instance":\#(instance)}"#
    }

    private static func record(_ line: Line, _ did: SetChange) -> String {
        let instance = did == .left ? "" : ",\"instance\":" + line.change.json(of: line.fields)
        return
            #"{"offset":\#(line.offset),"action":"\#(line.change.action.name)","change":"\#(did.name)","#
            + #""key":\#(line.change.key)\#(instance)}"#
    }
}
