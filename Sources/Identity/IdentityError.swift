/// Why options cannot be used to know anybody by.
package struct IdentityError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what to do, for people; never a part of a secret.
    package let description: String

    init(_ description: String) { self.description = description }
}
