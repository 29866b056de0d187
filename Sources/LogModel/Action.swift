/// What a producer did to an instance.
///
/// The raw values are on disk (`docs/format/segment.md`): never renumber them.
public enum Action: UInt8, Sendable, CaseIterable {
    case created = 1
    case updated = 2
    case deleted = 3

    /// The name in messages: `CREATED`, `UPDATED` or `DELETED`.
    public var name: StaticString {
        switch self {
        case .created: "CREATED"
        case .updated: "UPDATED"
        case .deleted: "DELETED"
        }
    }
}

/// What a record did to the set of instances that carry one group.
///
/// The raw values are on disk (`docs/format/segment.md`): never renumber them.
public enum Membership: UInt8, Sendable, CaseIterable {
    /// The instance was not in the group and is now.
    case entered = 1
    /// The instance was in the group and still is.
    case stayed = 2
    /// The instance was in the group, as far as anybody knows, and is no longer.
    case left = 3
}
