import LogFormat
package import LogModel
package import LogStorage

/// What two logs say differently of the instances that either of them changed since they parted.
package struct InstanceDifference {
    /// One instance.
    package struct Entry: Hashable, Sendable {
        /// The instance's model.
        package let model: Text
        /// Its key.
        package let key: Scalar
        /// Its last record in the first log; nil if it has none there, or is deleted.
        package let one: RecordFacts?
        /// Its last record in the second log.
        package let other: RecordFacts?
        /// What makes the second one of the first.
        package let changes: [PropertyChange]
    }

    /// The instances of each log that have a record since then, in the order of the first log, and then of the second.
    package let instances: [(model: Text, key: Scalar)]
    private let one: ChangeLog
    private let other: ChangeLog

    /// Finds the instances that one of the logs has a record of from `fork` on.
    ///
    /// Reads all of these records. Memory: a place for each instance.
    package init(
        _ one: ChangeLog, _ other: ChangeLog, from fork: Offset, damage: DamageHandler
    ) {
        self.one = one
        self.other = other
        var seen: Set<[Text]> = []
        var instances: [(Text, Scalar)] = []
        for log in [one, other] {
            for extent in log.extents where extent.end > fork {
                extent.forEachReadableRecord(
                    from: max(fork, extent.segment.base), damage: damage
                ) { record in
                    let model = Text(bytes: record.model.copy())
                    let key = Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy()))
                    if seen.insert([model, key.text]).inserted { instances.append((model, key)) }
                }
            }
        }
        self.instances = instances
    }

    /// What differs of the instance at `place`; nil if nothing does. Throws `corrupt`, or `retained`.
    package func entry(_ place: Int) throws(StorageError) -> Entry? {
        let (model, key) = self.instances[place]
        let one = try Self.last(of: model, key, in: self.one)
        let other = try Self.last(of: model, key, in: self.other)
        let changes = (other?.properties ?? .none).changes(from: one?.properties ?? .none)
        guard !changes.isEmpty || (one == nil) != (other == nil) else { return nil }
        return Entry(model: model, key: key, one: one, other: other, changes: changes)
    }

    private static func last(
        of model: Text, _ key: Scalar, in log: ChangeLog
    ) throws(StorageError) -> RecordFacts? {
        guard let offset = try log.latestRecord(model: model, key: key.text),
            let record = try RecordFacts(at: offset, in: log), record.action != .deleted
        else { return nil }
        return record
    }
}
