import Foundation
import LogFormat
import LogModel
import LogStorage
import Matching
import Replication
import TestSupport

/// A change as a value, for tests to keep and to look through.
struct PastChange {
    var action: Action
    var model: Text
    var key: Scalar
    var groups: [(property: Text, value: Scalar)]
    var time: Int64 = 0
}

/// Random changes of few instances of two models, which are in few groups.
struct HistoryMill {
    var random: SeededGenerator
    var models: [Text] = ["m", "n"]
    var keys: [Scalar] =
        (0..<12).map { .number($0) }
        + (0..<4).map { .string("a key of more than seven bytes \($0)") }
    var properties: [Text] = ["list", "state", "owner"]
    var values: [Scalar] = [.number(1), .string("2"), .null, .string(""), .boolean(true)]

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
    }

    mutating func change() -> PastChange {
        var groups: [(property: Text, value: Scalar)] = []
        for property in self.properties where self.random.chance(4, in: 5) {
            groups.append((property, self.random.pick(self.values)))
        }
        return PastChange(
            action: self.random.pick([.created, .updated, .updated, .updated, .deleted]),
            model: self.random.pick(self.models), key: self.random.pick(self.keys), groups: groups)
    }

    /// A filter of any kind.
    mutating func filter() -> Filter {
        var conditions: [Condition] = []
        for property in self.properties where self.random.chance(1, in: 2) {
            let values = (0...self.random.below(3)).map { _ in self.random.pick(self.values) }
            conditions.append(
                Condition(
                    property: property,
                    test: self.random.chance(3, in: 4) ? .isIn(values) : .isNot(values)))
        }
        return Filter(model: self.random.pick(self.models), conditions: conditions)
    }
}

/// A log in small segments, and beside it the plain list of what was appended.
final class HistoryLog {
    private(set) var writer: LogWriter
    private(set) var changes: [PastChange] = []
    private(set) var now: Int64 = 0
    private var random: SeededGenerator

    var log: ChangeLog { self.writer.log }
    var end: Int { self.changes.count }

    /// Opens the log in `path`.
    ///
    /// - Parameter secret: the key of its hashes, if it is a new log.
    init(_ path: String, seed: UInt64 = 1, upkeep: Upkeep, secret: SipHash.Key? = nil) throws {
        let options = LogOptions(segmentByteCount: LogOptions.segmentByteCountMin, upkeep: upkeep)
        if let secret {
            _ = try Recovery.open(LogDirectory(path), options: options)
            let url = URL(filePath: path + "/meta")
            var bytes = [UInt8](try Data(contentsOf: url))
            for position in [0, MetaPage.count] {
                guard
                    var page = try? MetaPage(
                        reading: bytes.span.bytes.slice(position, MetaPage.count))
                else { continue }
                page.hashKey = secret
                bytes.replaceSubrange(position..<position + MetaPage.count, with: page.bytes)
            }
            try Data(bytes).write(to: url)
        }
        self.writer = try Recovery.open(LogDirectory(path), options: options).writer
        self.random = SeededGenerator(seed: seed)
    }

    /// Appends a batch, and does what maintenance there is to do.
    ///
    /// - Parameter padding: bytes of padding in each instance.
    func append(
        _ batch: [PastChange], padding: ClosedRange<Int> = 0...900, maintains: Bool = true
    ) throws {
        self.now += 1
        var builder = ChangesBuilder()
        for change in batch {
            let count = padding.lowerBound + self.random.below(padding.count)
            let text = String(repeating: "x", count: count)
            builder.add(
                change.action, change.model, key: change.key,
                groups: change.groups.map { ($0.property, $0.value) },
                instance: "{\"padding\":\"\(text)\"}")
            var noted = change
            noted.time = self.now
            self.changes.append(noted)
        }
        try self.writer.commit(builder.finish(), time: self.now)
        if maintains { try self.maintain() }
    }

    /// Appends `count` random batches.
    func fill(_ count: Int, from mill: inout HistoryMill) throws {
        for _ in 0..<count {
            try self.append((0...mill.random.below(4)).map { _ in mill.change() })
        }
    }

    func maintain() throws {
        while try self.writer.maintenance.step(now: self.now) != nil {}
    }

    func predicate(_ filter: Filter) -> Matching.Predicate {
        Matching.Predicate(filter, hasher: self.log.hasher) { self.log.rarity(of: $0) }
    }

    /// All net changes, in steps of `postingsMax`.
    func net(
        _ filter: Filter, from start: Int = 0, to end: Int? = nil, postingsMax: Int = 50
    ) throws -> [NetChanges.Entry] {
        var net = NetChanges(
            of: self.predicate(filter), in: self.log, from: Offset(UInt64(start)),
            to: Offset(UInt64(end ?? self.end)))
        while try !net.step(postingsMax: postingsMax) {}
        return try net.entries()
    }
}

/// What net changes are, by a look at every change.
struct NetOracle {
    let changes: [PastChange]

    /// What the change at each offset did to the set of `filter`: nil if it is no concern of its.
    func sides(of filter: Filter) -> [(wasIn: Bool, isIn: Bool)] {
        var alive: [[Text]: [(property: Text, value: Scalar)]] = [:]
        return self.changes.map { change in
            let instance = [change.model, change.key.text]
            // Of an instance that nobody knows, its deletion says in which groups it was.
            let before =
                alive[instance] ?? (change.action == .deleted ? change.groups : nil)
            let after = change.action == .deleted ? nil : change.groups
            alive[instance] = after
            guard change.model == filter.model else { return (false, false) }
            return (
                before.map { Self.holds(filter, $0) } ?? false,
                after.map { Self.holds(filter, $0) } ?? false
            )
        }
    }

    func net(_ filter: Filter, from start: Int, to end: Int) -> [NetChanges.Entry] {
        let sides = self.sides(of: filter)
        var first: [Text: Bool] = [:]
        var last: [Text: Int] = [:]
        for offset in start..<max(start, end) {
            let (wasIn, isIn) = sides[offset]
            guard wasIn || isIn else { continue }
            let key = self.changes[offset].key.text
            if first[key] == nil { first[key] = start > 0 && wasIn }
            last[key] = offset
        }
        return last.compactMap { key, offset in
            SetChange(
                wasIn: first[key] ?? false, isIn: sides[offset].isIn,
                action: self.changes[offset].action
            ).map { NetChanges.Entry(offset: Offset(UInt64(offset)), change: $0) }
        }.sorted { $0.offset < $1.offset }
    }

    /// Whether the change at `offset` deletes an instance that does not exist.
    func deletesNothing(_ offset: Offset) -> Bool {
        let index = Int(offset.rawValue)
        let change = self.changes[index]
        let before = self.changes[..<index].last {
            $0.model == change.model && $0.key.text == change.key.text
        }
        return change.action == .deleted && before?.action ?? .deleted == .deleted
    }

    /// Whether `found` are the net changes, give or take deletions of what was not there.
    func agrees(
        _ found: [NetChanges.Entry], _ filter: Filter, from start: Int, to end: Int
    ) -> Bool {
        let expected = self.net(filter, from: start, to: end)
        return found.filter { !self.deletesNothing($0.offset) }
            == expected.filter { !self.deletesNothing($0.offset) }
    }

    static func holds(_ filter: Filter, _ groups: [(property: Text, value: Scalar)]) -> Bool {
        filter.conditions.allSatisfy { condition in
            groups.contains { property, value in
                guard property == condition.property else { return false }
                switch condition.test {
                case .isIn(let values): return values.contains { $0.isSameGroupValue(as: value) }
                case .isNot(let values): return !values.contains { $0.isSameGroupValue(as: value) }
                case .order, .hasPrefix: return false
                }
            }
        }
    }
}
