/// What a record did to the set of instances that a subscription asks for.
public enum SetChange: UInt8, Hashable, Sendable, CaseIterable {
    /// The instance was not in the set and is now.
    case entered
    /// The instance was in the set and still is.
    case updated
    /// The instance was in the set and is no longer.
    case left
    /// The instance was in the set and no longer exists.
    case deleted

    /// The name in messages.
    public var name: StaticString {
        switch self {
        case .entered: "entered"
        case .updated: "updated"
        case .left: "left"
        case .deleted: "deleted"
        }
    }

    /// What it is that an instance was in the set, or not, and is in it now, or not; nil if it is no concern of
    /// the set's.
    public init?(wasIn: Bool, isIn: Bool, action: Action) {
        switch (wasIn, isIn) {
        case (false, false): return nil
        case (false, true): self = .entered
        case (true, true): self = .updated
        case (true, false): self = action == .deleted ? .deleted : .left
        }
    }

    /// What `membership` in a record of `action` means to who wants exactly that group.
    public init(_ membership: Membership, action: Action) {
        switch membership {
        case .entered: self = .entered
        case .stayed: self = .updated
        case .left: self = action == .deleted ? .deleted : .left
        }
    }
}
