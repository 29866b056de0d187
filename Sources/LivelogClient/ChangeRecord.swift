/// One change of the log, as a subscription sees it.
///
/// The slices share the memory of the message that they came in: copy what is kept for long.
public struct ChangeRecord: Hashable, Sendable {
    /// What was done to the instance.
    public enum Action: String, Hashable, Sendable {
        /// It was created.
        case created = "CREATED"
        /// It was changed.
        case updated = "UPDATED"
        /// It was deleted.
        case deleted = "DELETED"
    }

    /// What happened to the set of instances that the subscription's condition holds for.
    public enum Change: String, Hashable, Sendable {
        /// The instance was not in the set and is now.
        case entered
        /// The instance was in the set and still is.
        case updated
        /// The instance is no longer in the set; there is no ``ChangeRecord/instance``.
        case left
        /// The instance no longer exists.
        case deleted
    }

    /// The record's place in the log.
    public let offset: UInt64
    /// What was done.
    public let action: Action
    /// What that did to the subscription's set.
    public let change: Change
    /// The instance's primary key, as JSON text.
    public let key: ArraySlice<UInt8>
    /// The instance, as a JSON object's text, if the record has one.
    public let instance: ArraySlice<UInt8>?
    /// The whole record as the server sent it: one line of JSON text with all of the above.
    public let json: ArraySlice<UInt8>

    /// Creates a record from its parts.
    public init(
        offset: UInt64, action: Action, change: Change, key: ArraySlice<UInt8>,
        instance: ArraySlice<UInt8>?, json: ArraySlice<UInt8>
    ) {
        self.offset = offset
        self.action = action
        self.change = change
        self.key = key
        self.instance = instance
        self.json = json
    }
}
