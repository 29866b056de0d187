package import LogModel
package import LogStorage

/// Which records a trial is about.
package struct TrialRange: Hashable, Sendable {
    /// The first of them.
    package let start: Offset
    /// The offset after the last of them.
    package let end: Offset
    /// Whether records from where it was to begin are no longer kept.
    package let isCut: Bool

    /// The records from `start` on, up to `end`, as far as the log has them; all without places.
    package init(
        from start: LogPlace?, until end: LogPlace?, in log: ChangeLog
    ) throws(StorageError) {
        let first = try start?.offset(in: log) ?? log.first
        let last = try end?.offset(in: log) ?? log.watermarks.visible
        self.start = min(max(first, log.first), log.watermarks.visible)
        self.end = max(last, self.start)
        self.isCut = first < log.first
    }

    /// How many records the log has given offsets to in it.
    package var count: Int { self.end.distance(from: self.start) }
}

/// What a trial could not read.
package struct TrialDamage: Hashable, Sendable {
    /// The first of what was passed over, with the reasons; at most ``shownMax``.
    package private(set) var errors: [StorageError] = []
    /// How often something was passed over.
    package private(set) var count = 0

    /// The most reasons that are kept.
    package static let shownMax = 20

    mutating func note(_ error: StorageError) {
        self.count += 1
        if self.errors.count < Self.shownMax { self.errors.append(error) }
    }
}
