/// Why bytes are not what they should be.
public struct FormatError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// Fewer bytes than the structure needs.
        case truncated = "truncated"
        /// The bytes do not begin as this kind of file does.
        case wrongMagic = "wrong-magic"
        /// A version that this program does not know.
        case unknownVersion = "unknown-version"
        /// The checksum does not match the bytes.
        case wrongChecksum = "wrong-checksum"
        /// A length that cannot be.
        case wrongLength = "wrong-length"
        /// A number that is not in its range, for instance an unknown action.
        case wrongField = "wrong-field"
    }

    /// What is wrong.
    public let code: Code
    /// What is wrong, for people.
    public let message: String
    /// Where, in bytes from the start of the structure.
    public let position: Int

    /// Creates an error.
    public init(_ code: Code, _ message: String, position: Int) {
        self.code = code
        self.message = message
        self.position = position
    }
}
