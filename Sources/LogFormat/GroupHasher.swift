public import LogModel

/// Computes the hashes that records, buckets and postings share.
///
/// The lengths go in first, so that no two names run together. A hash is computed once, when a record is
/// appended or a subscription is made.
public struct GroupHasher: Sendable {
    /// What a hash is of: groups, keys and producers never share one by construction.
    private enum Domain: UInt64 {
        case group = 1
        case key = 2
        case producer = 3
    }

    private let key: SipHash.Key

    /// Creates the hasher of the log with the secret `key`.
    public init(key: SipHash.Key) {
        self.key = key
    }

    /// The hash of a group given by its parts.
    public func groupHash(
        model: RawSpan, property: RawSpan, isNull: Bool, value: RawSpan
    ) -> UInt64 {
        var hash = SipHash(key: self.key)
        hash.add(
            Domain.group.rawValue | UInt64(isNull ? 1 : 0) << 8
                | UInt64(model.byteCount) << 16 | UInt64(property.byteCount) << 32)
        hash.add(model)
        hash.add(property)
        hash.add(value)
        return Self.nonzero(hash.finish())
    }

    /// The hash of a group.
    public func groupHash(_ group: GroupKey) -> UInt64 {
        self.groupHash(
            model: group.model.bytes.span.bytes, property: group.property.bytes.span.bytes,
            isNull: group.value.kind == .null, value: group.value.text.bytes.span.bytes)
    }

    /// The hash of an instance's key. `1` and `"1"` are the same key.
    public func keyHash(model: RawSpan, key: RawSpan) -> UInt64 {
        var hash = SipHash(key: self.key)
        hash.add(Domain.key.rawValue | UInt64(model.byteCount) << 16)
        hash.add(model)
        hash.add(key)
        return Self.nonzero(hash.finish())
    }

    /// The hash of a producer's identity, given by its two halves.
    public func producerHash(low: UInt64, high: UInt64) -> UInt64 {
        var hash = SipHash(key: self.key)
        hash.add(Domain.producer.rawValue)
        hash.add(low)
        hash.add(high)
        return Self.nonzero(hash.finish())
    }

    /// No hash is 0, so that tables can mark empty places with it.
    private static func nonzero(_ hash: UInt64) -> UInt64 { hash == 0 ? 1 : hash }
}
