import LogModel

/// When something became true, and how often it turned: what a bisection has found.
package struct Turns: Hashable, Sendable {
    /// One time at which it became true, or ceased to be.
    package struct Turn: Hashable, Sendable {
        /// The last record of the batch's that concern it: what was read after that batch.
        package let record: RecordFacts
        /// The value before the batch, as JSON text; nil if there was none.
        package let before: [UInt8]?
        /// The value after it.
        package let after: [UInt8]?
    }

    /// Whether it was true at the beginning of the stretch that was asked about.
    package private(set) var heldAtStart = false
    /// Whether it is true at its end.
    package private(set) var holdsAtEnd = false
    /// The first batch after which it was true; nil if there was none, or if it was true at the beginning.
    package private(set) var first: Turn?
    /// How often it became true or ceased to be.
    package private(set) var count = 0

    private var value: [UInt8]?

    /// Notes what was before the stretch.
    mutating func begin(_ holds: Bool, value: [UInt8]?) {
        self.heldAtStart = holds
        self.holdsAtEnd = holds
        self.value = value
    }

    /// Notes what is after a batch of which `record` is a part.
    mutating func note(_ holds: Bool, value: [UInt8]?, by record: RecordFacts) {
        if holds != self.holdsAtEnd {
            self.count += 1
            if holds, self.first == nil, !self.heldAtStart {
                self.first = Turn(record: record, before: self.value, after: value)
            }
        }
        self.holdsAtEnd = holds
        self.value = value
    }
}
