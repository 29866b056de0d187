/// The dense ordinal of a record within an epoch, counted from 0.
///
/// Used both for a record and, as an exclusive bound, for the place after the last record:
/// a cursor at `Offset(12)` has taken the records 0 to 11.
public struct Offset: Hashable, Comparable, Sendable {
    /// The number itself, as it stands in files and messages.
    public let rawValue: UInt64

    /// Creates the offset with the number `rawValue`.
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The offset of a log's first record.
    public static let zero = Offset(0)

    /// The offset of the next record. Traps after 2^64 - 1 records.
    public var next: Offset { Offset(self.rawValue + 1) }

    /// The offset of the record before, or nil at the start of the log.
    public var previous: Offset? { self.rawValue == 0 ? nil : Offset(self.rawValue - 1) }

    /// The offset `count` records further on. Traps on overflow.
    public func advanced(by count: Int) -> Offset {
        precondition(count >= 0, "an offset only moves forward, not by \(count)")
        return Offset(self.rawValue + UInt64(count))
    }

    /// The number of records in `base ..< self`. Traps if `base` is above.
    public func distance(from base: Offset) -> Int {
        precondition(base <= self, "distance from \(base) to \(self) is negative")
        return Int(self.rawValue - base.rawValue)
    }

    /// Whether `left` comes before `right`.
    public static func < (left: Offset, right: Offset) -> Bool { left.rawValue < right.rawValue }
}

extension Offset: CustomStringConvertible {
    /// The number, for people.
    public var description: String { String(self.rawValue) }
}
