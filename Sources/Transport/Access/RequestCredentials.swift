import Access
import HTTPTypes
import NIOHTTP1
import WireProtocol

extension Credentials {
    /// The most bytes of a token or key.
    private static let bearerByteCountMax = 8 << 10
    private static let subprotocolPrefix = "bearer."

    /// What a request says of its client. Throws a problem if that cannot be read.
    init(_ headers: HTTPFields) throws(Problem) {
        try self.init(
            authorization: headers[.authorization], cookie: headers[.cookie], subprotocols: [])
    }

    /// What a WebSocket's handshake says of its client. Browsers cannot send `Authorization` with it, and offer the
    /// token as a subprotocol instead: `bearer.` and the token, as base64url if it has other characters.
    init(_ headers: HTTPHeaders) throws(Problem) {
        try self.init(
            authorization: headers.first(name: "Authorization"),
            cookie: headers.first(name: "Cookie"),
            subprotocols: headers[canonicalForm: "Sec-WebSocket-Protocol"].map { String($0) })
    }

    private init(
        authorization: String?, cookie: String?, subprotocols: [String]
    ) throws(Problem) {
        self.init(cookie: cookie)
        let offered = subprotocols.filter { $0.hasPrefix(Self.subprotocolPrefix) }
        guard offered.count + (authorization == nil ? 0 : 1) <= 1 else {
            throw Self.problem("say once who you are")
        }
        if let token = offered.first?.dropFirst(Self.subprotocolPrefix.count) {
            self.bearer = String(token)
        } else if let authorization {
            let parts = authorization.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else {
                throw Self.problem("Authorization is \"Bearer\" and a token or key")
            }
            self.bearer = String(parts[1])
        }
        if let bearer, !(1...Self.bearerByteCountMax).contains(bearer.utf8.count) {
            throw Self.problem("a token or key has 1 to \(Self.bearerByteCountMax) bytes")
        }
    }

    private static func problem(_ detail: String) -> Problem {
        Problem(AuthenticationError(.malformed, detail))
    }
}
