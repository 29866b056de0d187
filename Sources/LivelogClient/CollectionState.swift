/// What is known of a set of instances: a value that takes deliveries and says what they changed.
///
/// An instance is known by its key's text; see ``InstanceKey``. Instances are JSON texts.
public struct CollectionState: Hashable, Sendable {
    /// One difference between before and after.
    public enum Change: Hashable, Sendable {
        /// The instance was not known.
        case inserted(key: InstanceKey, instance: [UInt8])
        /// The instance was known and is another now.
        case updated(key: InstanceKey, instance: [UInt8], previous: [UInt8])
        /// The instance is no longer in the set.
        case removed(key: InstanceKey, previous: [UInt8])
    }

    /// The instances by key.
    public private(set) var items: [InstanceKey: [UInt8]] = [:]
    /// The resume token of the place at which ``items`` are what the log says; nil before the first delivery.
    public private(set) var token: String?
    /// Whether retention has taken records of the set, so that instances may be missing.
    public private(set) var isPartial = false

    /// Creates an empty collection.
    public init() {}

    /// Takes a delivery and returns what it changed: for changes in the order of the log, for a snapshot each
    /// difference once, in no particular order.
    public mutating func apply(_ delivery: Delivery) -> [Change] {
        self.token = delivery.token
        switch delivery.kind {
        case .changes:
            return delivery.records.compactMap { self.apply($0) }
        case .snapshot:
            self.isPartial = delivery.isPartial
            return self.replace(with: delivery.records)
        }
    }

    private mutating func apply(_ record: ChangeRecord) -> Change? {
        let key = InstanceKey(json: record.key)
        switch record.change {
        case .entered, .updated:
            let instance = record.instanceText
            guard let previous = self.items.updateValue(instance, forKey: key) else {
                return .inserted(key: key, instance: instance)
            }
            return .updated(key: key, instance: instance, previous: previous)
        case .left, .deleted:
            // It is not known if it was never sent, as with a subscription that began in the middle.
            return self.items.removeValue(forKey: key).map { .removed(key: key, previous: $0) }
        }
    }

    private mutating func replace(with records: [ChangeRecord]) -> [Change] {
        var changes: [Change] = []
        var items: [InstanceKey: [UInt8]] = [:]
        items.reserveCapacity(records.count)
        for record in records {
            let (key, instance) = (InstanceKey(json: record.key), record.instanceText)
            items[key] = instance
            switch self.items.removeValue(forKey: key) {
            case nil:
                changes.append(.inserted(key: key, instance: instance))
            case let previous? where previous != instance:
                changes.append(.updated(key: key, instance: instance, previous: previous))
            case _?: break
            }
        }
        for (key, previous) in self.items { changes.append(.removed(key: key, previous: previous)) }
        self.items = items
        return changes
    }
}

extension ChangeRecord {
    /// Copied, because the slice would keep the whole message in memory.
    fileprivate var instanceText: [UInt8] { self.instance.map { Array($0) } ?? Array("null".utf8) }
}
