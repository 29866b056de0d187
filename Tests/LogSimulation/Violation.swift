/// A promise of the log that was not kept.
package struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected and what was found.
    package let description: String

    /// Creates a violation.
    package init(_ description: String) {
        self.description = description
    }
}

/// Throws a violation unless `isKept`.
func promise(_ isKept: Bool, _ otherwise: @autoclosure () -> String) throws(Violation) {
    guard isKept else { throw Violation(otherwise()) }
}
