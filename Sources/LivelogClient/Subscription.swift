/// Which changes are wanted, and from where on.
public struct Subscription: Hashable, Sendable {
    /// One property and the value that it must have.
    public struct Condition: Hashable, Sendable {
        /// The property's name.
        public let property: String
        /// The value.
        public let value: ScalarValue

        /// Creates a condition.
        public init(property: String, equals value: ScalarValue) {
            self.property = property
            self.value = value
        }
    }

    /// Where a subscription begins.
    public enum Start: Hashable, Sendable {
        /// With the next change.
        case now
        /// With the oldest change that the log still has.
        case start
        /// Where the delivery with this resume token ended.
        case token(String)
    }

    /// The model's label, for instance `todolist.Task`.
    public let model: String
    /// The condition, or nil for all changes of the model.
    public let condition: Condition?
    /// Where to begin.
    public let from: Start

    /// Creates a subscription to the changes of `model`.
    public init(model: String, where condition: Condition? = nil, from: Start = .now) {
        self.model = model
        self.condition = condition
        self.from = from
    }
}
