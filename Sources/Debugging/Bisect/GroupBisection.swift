import FoundationEssentials
import LogFormat
package import LogModel
package import LogStorage
import Matching
import WireProtocol

extension BisectQuestion {
    /// When the question became true of the instances of `filter` together, from `start` to `end`.
    ///
    /// Reads every record by which they are found, from the log's first one on: only all of them say what there is.
    /// Memory: a place for each instance. Throws `corrupt`.
    ///
    /// - Parameter progress: told now and then which offset is reached.
    package func turns(
        ofAll filter: Filter, in log: ChangeLog, from start: Offset, to end: Offset,
        progress: (Offset) -> Void
    ) throws(StorageError) -> Turns {
        guard let aggregate else { preconditionFailure("\(self.text) is about one instance") }
        let predicate = Predicate(filter, hasher: log.hasher) { log.rarity(of: $0) }
        var reader = GroupReader(log, .any(predicate.driver), from: log.first, to: end)
        var tally = Tally(aggregate)
        var turns = Turns()
        var batches = BatchBounds(log)
        var last: RecordFacts?
        var hasBegun = false
        var count = 0
        while let offset = try reader.next() {
            let isBeyond = try batches.isBeyond(offset)
            if isBeyond || !hasBegun && offset >= start {
                if hasBegun, let last {
                    turns.note(
                        self.holds(of: tally.value), value: tally.value.map(Self.json), by: last)
                } else if !hasBegun, offset >= start {
                    hasBegun = true
                    turns.begin(self.holds(of: tally.value), value: tally.value.map(Self.json))
                }
                last = nil
            }
            let facts = try log.withRecord(at: offset) { record -> RecordFacts? in
                guard let change = predicate.change(by: record) else { return nil }
                tally.note(record, change)
                return hasBegun ? RecordFacts(record) : nil
            }
            if let facts = facts ?? nil { last = facts }
            count += 1
            if count % 4096 == 0 { progress(offset) }
        }
        if hasBegun, let last {
            turns.note(self.holds(of: tally.value), value: tally.value.map(Self.json), by: last)
        } else if !hasBegun {
            turns.begin(self.holds(of: tally.value), value: tally.value.map(Self.json))
        }
        return turns
    }

    static func json(_ scalar: Scalar) -> [UInt8] {
        var json: [UInt8] = []
        JSONText.append(scalar: scalar, to: &json)
        return json
    }
}

/// What an aggregate is made of, kept up to date record by record.
private struct Tally {
    private let aggregate: BisectQuestion.Aggregate
    /// The number that each instance has, by its key; nil for none.
    private var numbers: [Text: Decimal?] = [:]
    private var sum = Decimal(0)
    private var numberCount = 0
    /// The least or greatest number, as far as it is known.
    private var extreme: Decimal?

    init(_ aggregate: BisectQuestion.Aggregate) {
        self.aggregate = aggregate
    }

    mutating func note(_ record: borrowing RecordView, _ change: SetChange) {
        let key = Text(bytes: record.key.copy())
        let isIn = change == .entered || change == .updated
        let number = isIn ? self.number(in: record) : nil
        if let before = self.numbers[key], let before {
            self.sum -= before
            self.numberCount -= 1
            if before == self.extreme { self.extreme = nil }
        }
        self.numbers[key] = isIn ? .some(number) : nil
        if let number {
            self.sum += number
            self.numberCount += 1
            if let extreme, self.isBeyond(number, extreme) { self.extreme = number }
        }
    }

    private func number(in record: borrowing RecordView) -> Decimal? {
        guard let property = self.aggregate.property else { return nil }
        return Properties(record.instance.copy()).scalar(property).flatMap { Decimal($0) }
    }

    /// The aggregate's value; nil if nothing has one.
    var value: Scalar? {
        mutating get {
            switch self.aggregate {
            case .count: return .number(self.numbers.count)
            case .sum: return Self.scalar(self.sum)
            case .average:
                return self.numberCount == 0
                    ? nil : Self.scalar(self.sum / Decimal(self.numberCount))
            case .min, .max:
                guard self.numberCount > 0 else { return nil }
                if self.extreme == nil {
                    // The instance that had it has gone, or has another number.
                    for case let number? in self.numbers.values {
                        let isFirst = self.extreme == nil
                        if isFirst || self.extreme.map({ self.isBeyond(number, $0) }) == true {
                            self.extreme = number
                        }
                    }
                }
                return self.extreme.map(Self.scalar)
            }
        }
    }

    private func isBeyond(_ number: Decimal, _ extreme: Decimal) -> Bool {
        if case .min = self.aggregate { return number < extreme }
        return number > extreme
    }

    private static func scalar(_ number: Decimal) -> Scalar {
        Scalar(kind: .number, text: Text(number.description))
    }
}

extension Decimal {
    /// The value of a number, to 38 digits; nil if it is none, or too large.
    fileprivate init?(_ scalar: Scalar) {
        guard scalar.kind == .number else { return nil }
        self.init(string: scalar.text.string)
        if self.isNaN { return nil }
    }
}
