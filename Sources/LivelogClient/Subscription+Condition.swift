extension Subscription {
    /// What must hold for one property of an instance.
    ///
    ///     .init(property: "list_id", equals: .integer(42))
    ///     .init(property: "state", .isNot([.string("done")]))
    ///     try .init(expression: "total>=10")
    public struct Condition: Hashable, Sendable {
        /// How numbers are compared by their value, and strings by their bytes. A number is never compared
        /// with a string.
        public enum Order: String, Hashable, Sendable, CaseIterable {
            /// Less than.
            case less = "<"
            /// Less than or equal to.
            case atMost = "<="
            /// Greater than.
            case greater = ">"
            /// Greater than or equal to.
            case atLeast = ">="
        }

        /// What the value must be.
        public enum Test: Hashable, Sendable {
            /// One of these, at least one. What an index of the server can find.
            case isIn([ScalarValue])
            /// None of these, at least one.
            case isNot([ScalarValue])
            /// In this order to a number or a string.
            case order(Order, ScalarValue)
            /// A string that begins with this one, which is not empty.
            case hasPrefix(String)
        }

        /// The property's name.
        public let property: String
        /// What its value must be.
        public let test: Test

        /// Creates a condition.
        public init(property: String, _ test: Test) {
            self.property = property
            self.test = test
        }

        /// Creates the condition that the property has this value.
        public init(property: String, equals value: ScalarValue) {
            self.init(property: property, .isIn([value]))
        }
    }
}
