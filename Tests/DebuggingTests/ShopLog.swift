import LogModel
import LogStorage
import TestSupport

/// Random changes of orders in small segments of every kind, and what was appended, by offset.
struct ShopLog {
    /// One change.
    struct Change {
        let action: Action
        let model: Text
        let key: Text
        /// The properties of the instance, as JSON texts; of a deletion those before it.
        let properties: [Text: String]
        let batch: Int
    }

    static let model: Text = "shop.Order"
    private static let names: [Text] = ["state", "total", "note"]

    let log: ChangeLog
    private let writer: LogWriter
    private(set) var changes: [Change] = []

    /// Appends `count` batches to the log in `path`.
    init(seed: UInt64, batches count: Int, in path: String) throws {
        var random = SeededGenerator(seed: seed)
        let options = LogOptions(
            segmentByteCount: LogOptions.segmentByteCountMin, upkeep: Upkeep(coldAge: 300_000_000))
        self.writer = try Recovery.open(LogDirectory(path), options: options).writer
        self.log = self.writer.log
        var alive: [Text: [Text: String]] = [:]
        for batch in 0..<count {
            var builder = ChangesBuilder()
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let key = Text(String(Int.random(in: 0..<40, using: &random)))
                let change = Self.change(key, alive[key], batch, &random)
                alive[key] = change.action == .deleted ? nil : change.properties
                self.changes.append(change)
                Self.add(change, to: &builder)
            }
            let time = Int64(batch) * 1_000_000
            try self.writer.commit(builder.finish(), time: time)
            while try self.writer.maintenance.step(now: time) != nil {}
        }
    }

    private static func change(
        _ key: Text, _ before: [Text: String]?, _ batch: Int, _ random: inout SeededGenerator
    ) -> Change {
        guard var properties = before else {
            return Change(
                action: .created, model: self.model, key: key,
                properties: ["id": key.string, "state": "\"new\"", "total": "100"], batch: batch)
        }
        if Int.random(in: 0..<12, using: &random) == 0 {
            return Change(
                action: .deleted, model: self.model, key: key, properties: properties, batch: batch)
        }
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            properties["state"] = ["\"new\"", "\"paid\"", "\"sent\""].randomElement(using: &random)
        case 1:
            properties["total"] = String(
                (properties["total"].flatMap { Int($0) } ?? 0)
                    + Int.random(in: -80...60, using: &random))
        case 2:
            properties["note"] = ["null", "\"ring \\\"twice\\\"\"", "[1]"].randomElement(
                using: &random)
        default: properties["note"] = nil
        }
        return Change(
            action: .updated, model: self.model, key: key, properties: properties, batch: batch)
    }

    private static func add(_ change: Change, to builder: inout ChangesBuilder) {
        var members = ["\"id\":\(change.properties["id"] ?? "")"]
        for name in self.names {
            if let value = change.properties[name] { members.append("\"\(name)\":\(value)") }
        }
        var groups: [(Text, Scalar)] = []
        for name in self.names {
            guard let value = change.properties[name], value != "[1]" else { continue }
            groups.append((name, Self.scalar(value)))
        }
        builder.add(
            change.action, change.model, key: .number(Int(change.key.string) ?? 0), groups: groups,
            instance: "{" + members.joined(separator: ",") + "}")
    }

    static func scalar(_ json: String) -> Scalar {
        if json == "null" { return .null }
        if json.hasPrefix("\"") {
            return .string(
                String(json.dropFirst().dropLast()).replacing("\\\"", with: "\""))
        }
        return Scalar(kind: .number, text: Text(json))
    }

    /// The instances that there are before the record at `end`, and the offset of the last record of each.
    func state(before end: Int) -> [Text: (offset: Int, properties: [Text: String])] {
        var state: [Text: (Int, [Text: String])] = [:]
        for (offset, change) in self.changes[..<end].enumerated() {
            state[change.key] = change.action == .deleted ? nil : (offset, change.properties)
        }
        return state
    }

    /// What changed between two instances, by property.
    static func difference(
        _ before: [Text: String]?, _ after: [Text: String]?
    ) -> [Text: [String?]] {
        let (before, after) = (before ?? [:], after ?? [:])
        var changes: [Text: [String?]] = [:]
        for name in Set(before.keys).union(after.keys) where before[name] != after[name] {
            changes[name] = [before[name], after[name]]
        }
        return changes
    }
}
