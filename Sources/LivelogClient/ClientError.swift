/// Why the client gave up, as text for people and a code for programs.
public struct ClientError: Error, Hashable, Sendable {
    /// What kind of failure it is. More may be added.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The stable text of the code.
        public let rawValue: String

        /// Creates a code from its text.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// An argument is not what it should be; nothing was sent.
        public static let invalidArgument = Code(rawValue: "invalid-argument")
        /// The server cannot be reached, or the connection broke. Trying again may help.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The server asks to come again later: it is overloaded, restarting, or out of space.
        public static let unavailable = Code(rawValue: "unavailable")
        /// The server refused the request for good; ``ClientError/problem`` says why.
        public static let refused = Code(rawValue: "refused")
        /// The server said something that the protocol does not allow.
        public static let protocolViolation = Code(rawValue: "protocol-violation")
        /// The subscription cannot continue where it stopped; it has to begin anew.
        public static let reset = Code(rawValue: "reset")
        /// The task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, in one line.
    public let message: String
    /// What the server said about it, if it said anything.
    public let problem: Problem?

    /// Creates an error.
    public init(_ code: Code, _ message: String, problem: Problem? = nil) {
        self.code = code
        self.message = message
        self.problem = problem
    }

    /// Whether the same attempt may succeed later.
    public var isTemporary: Bool { self.code == .unreachable || self.code == .unavailable }
}

extension ClientError: CustomStringConvertible {
    /// The message.
    public var description: String { self.message }
}
