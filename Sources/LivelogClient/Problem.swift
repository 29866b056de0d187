/// What a server said when it refused something.
public struct Problem: Hashable, Sendable {
    /// The HTTP status, if it came by HTTP.
    public let status: Int?
    /// The stable name of the reason, for instance `missing-model`.
    public let code: String?
    /// The reason for people.
    public let detail: String
    /// The line of the request's body that was refused, counted from 1.
    public let line: Int?

    /// The detail without the line number of the body that it begins with, if it does: the line is of no
    /// use to somebody who does not know the body.
    public var reason: String {
        guard let line, self.detail.hasPrefix("line \(line): ") else { return self.detail }
        return String(self.detail.dropFirst("line \(line): ".count))
    }

    /// Creates a problem.
    public init(status: Int?, code: String?, detail: String, line: Int? = nil) {
        self.status = status
        self.code = code
        self.detail = detail
        self.line = line
    }
}
