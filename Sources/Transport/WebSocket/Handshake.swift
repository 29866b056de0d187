import Access
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOHTTP1
import Sessions
import WireProtocol

/// What a client's WebSocket handshake asks for.
struct Handshake {
    /// Where the WebSockets are; a last slash makes no difference.
    static let paths = [
        "/ws/subscribe", "/api/ws/subscribe", "/ws/publish", "/api/ws/publish",
    ]
    private static let livelog1 = "livelog.v1"
    private static let producer1 = "livelog.producer.v1"

    let dialect: Dialect
    /// Whether the client publishes, in the dialect `livelog.producer.v1`; then `dialect` means nothing.
    let isProducer: Bool
    /// The subprotocol that is agreed to, if the client offered any that is known.
    let subprotocol: String?
    /// The path, if it is one of those that are configured for clients of django-rest-live.
    let restLivePath: RestLivePath?
    /// The page that it is of, if it is of one, and what it calls the server.
    private var origin: String?
    private var host: String?

    /// What the connection is counted as.
    var kind: ConnectionKind {
        switch self.dialect {
        case _ where self.isProducer: .producer1
        case .restLive: .restLive
        // A stream is a request, not a WebSocket.
        case .livelog1, .serverSentEvents, .ndjson: .livelog1
        }
    }

    /// Reads a request's head; nil if it is not a whole handshake (RFC 6455 section 4.2.1) for a WebSocket that there
    /// is, or one that must not be taken.
    init?(_ head: HTTPRequestHead, _ restLive: RestLivePolicy) {
        guard head.isHandshake else { return nil }
        let offered = head.headers[canonicalForm: "Sec-WebSocket-Protocol"]
        self.init(
            path: head.uri.prefix { $0 != "?" }, offered: offered.map { String($0) }, restLive)
        self.origin = head.headers.first(name: "Origin")
        self.host = head.headers.first(name: "Host")
    }

    /// Whether a configured path is for `principal`. All others are for everybody.
    func admits(_ principal: Principal) -> Bool {
        self.restLivePath?.admits(principal) ?? true
    }

    /// Whether it may be of the page that it is of. A page publishes only if its origin is named: being served by this
    /// machine is not enough.
    func isAllowed(by origins: OriginRules) -> Bool {
        guard let origin else { return true }
        if self.isProducer { return origins.allowed.contains(origin.lowercased()) }
        return origins.allows(origin, host: self.host)
    }

    private init?(
        path: some StringProtocol, offered: [String], _ restLive: RestLivePolicy
    ) {
        let path = path.hasSuffix("/") ? String(path.dropLast()) : String(path)
        self.restLivePath = restLive.path(path)
        if self.restLivePath != nil {
            // No other dialect knows the names that models have there.
            self.isProducer = false
            self.dialect = .restLive
            self.subprotocol = nil
            return
        }
        guard Self.paths.contains(path) else { return nil }
        let known = offered.first { $0 == Self.livelog1 || $0 == Self.producer1 }
        self.isProducer = known == Self.producer1
        guard self.isProducer || !path.hasSuffix("/publish") else { return nil }
        if self.isProducer {
            self.dialect = .livelog1
            self.subprotocol = Self.producer1
        } else {
            self.dialect = known == nil ? .restLive : .livelog1
            self.subprotocol = known
        }
    }

    /// Why a request at one of the paths did not become a WebSocket.
    static func refusal(of request: Request, by rules: AccessControl.Rules) -> Problem {
        let origins = rules.origins
        let offered = request.headers[values: .secWebSocketProtocol].flatMap {
            $0.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
        }
        var asked = Self(path: request.uri.path, offered: offered, rules.restLive)
        asked?.origin = request.headers[.origin]
        asked?.host = request.head.authority
        guard asked?.isAllowed(by: origins) != false else {
            guard asked?.isProducer == true else { return AccessMiddleware.notAllowed }
            return Problem(
                status: 403, code: "origin-not-allowed", title: "Not allowed",
                detail: "a page publishes only if its origin is one of the server's origins")
        }
        return Problem(
            status: 426, code: "upgrade-required", title: "Upgrade required",
            detail: "here is a WebSocket: its handshake is the first request of its connection, a "
                + "GET of HTTP/1.1 with Upgrade: websocket, Connection: Upgrade, "
                + "Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key; who publishes offers "
                + "\(Self.producer1)")
    }
}

extension HTTPRequestHead {
    /// Whether this is a handshake as RFC 6455 wants it, whatever it is for.
    fileprivate var isHandshake: Bool {
        let keys = self.headers["Sec-WebSocket-Key"]
        return self.method == .GET && self.version == .http1_1
            && self.headers[canonicalForm: "Upgrade"].contains { $0.lowercased() == "websocket" }
            && self.headers[canonicalForm: "Connection"].contains { $0.lowercased() == "upgrade" }
            && self.headers["Sec-WebSocket-Version"] == ["13"]
            && self.headers["Host"].count == 1 && keys.count == 1 && keys[0].utf8.count == 24
            && !self.headers.contains(name: "Content-Length")
            && !self.headers.contains(name: "Transfer-Encoding")
    }
}
