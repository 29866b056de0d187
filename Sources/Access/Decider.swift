package import LogModel

/// Whoever decides what no rule can say: whether somebody may see a record.
///
/// What is decided of a principal and a record stays decided: answers are kept, and asked for in any order.
package protocol Decider: Sendable {
    /// For each pair of `inquiry` whether it may be; nil if that cannot be said now.
    func decide(_ inquiry: Inquiry) async -> [Bool]?
}

/// What is asked at once: who wants to see which records.
package struct Inquiry: Sendable {
    /// A record as its decider knows it.
    package struct Record: Hashable, Sendable {
        /// The model's label.
        package let model: Text
        /// The primary key's value.
        package let key: Scalar
        /// Where the record is.
        package let offset: Offset
        /// The instance's JSON as it was published, whole.
        package let instance: [UInt8]

        /// Creates a record.
        package init(model: Text, key: Scalar, offset: Offset, instance: [UInt8]) {
            self.model = model
            self.key = key
            self.offset = offset
            self.instance = instance
        }
    }

    /// One of the principals and one of the records, by their places.
    package struct Pair: Hashable, Sendable {
        /// Who.
        package let principal: Int
        /// What.
        package let record: Int

        /// Creates a pair.
        package init(principal: Int, record: Int) {
            self.principal = principal
            self.record = record
        }
    }

    /// The question's name in the configuration.
    package let name: String
    /// Each once.
    package let principals: [Principal]
    /// Each once.
    package let records: [Record]
    /// What is to be decided, in order.
    package let pairs: [Pair]

    /// Creates an inquiry.
    package init(
        name: String, principals: [Principal], records: [Record], pairs: [Pair]
    ) {
        self.name = name
        self.principals = principals
        self.records = records
        self.pairs = pairs
    }
}

/// A decider that is a function of the program that embeds the server.
package struct DecidingFunction: Decider {
    private let isAllowed: @Sendable (Principal, Inquiry.Record) -> Bool

    /// Creates the decider that asks `isAllowed` about each record. It is called on threads of Swift's pool, and must
    /// not block.
    package init(_ isAllowed: @escaping @Sendable (Principal, Inquiry.Record) -> Bool) {
        self.isAllowed = isAllowed
    }

    package func decide(_ inquiry: Inquiry) async -> [Bool]? {
        inquiry.pairs.map {
            self.isAllowed(inquiry.principals[$0.principal], inquiry.records[$0.record])
        }
    }
}
