/// What a request for records may at most be. Sizes are in bytes of UTF-8.
package struct RequestLimits: Sendable, Hashable {
    /// The number of conditions of a filter.
    package var conditionCountMax = 32
    /// The number of values in all conditions of a filter.
    package var valueCountMax = 64
    /// A model's label.
    package var modelBytesMax = ChangeLimits.default.modelBytesMax
    /// A property's name. The log keeps no groups for longer ones.
    package var propertyBytesMax = ChangeLimits.default.groupNameBytesMax
    /// The canonical text of a value, or a prefix. The log keeps no groups for longer ones.
    package var valueBytesMax = ChangeLimits.default.groupValueBytesMax
    /// The records that a client may want to have replayed before it is given a snapshot; at least 1.
    package var budgetMax = 1_000_000

    /// A token with which a client says who it is.
    package var tokenByteCountMax = 8 << 10

    /// Creates the limits that are documented above: 32 conditions with 64 values.
    package init() {}

    /// The limits that are documented above.
    package static let `default` = RequestLimits()
}
