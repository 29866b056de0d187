/// Options by which nobody could be known, or the wrong ones.
package struct IdentityOptionsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what to do, for people; never a secret.
    package let message: String

    /// Creates an error.
    package init(_ message: String) {
        self.message = message
    }

    /// The message.
    package var description: String { self.message }
}
