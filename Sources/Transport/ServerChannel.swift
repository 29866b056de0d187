import Access
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Sessions
import WireProtocol

/// A connection of the server: HTTP/1.1 for Hummingbird, or, if its first request says so, a WebSocket.
///
/// A WebSocket is handed to its event loop and no task waits for it: a session writes on its loop, and what
/// stays of an idle connection is its channel and its session.
struct ServerChannel: ServerChildChannel, HTTPChannelHandler {
    /// What a connection turned out to be.
    enum Outcome: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case webSocket
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let outcome: EventLoopFuture<Outcome>
    }

    /// What all connections of a listener have in common.
    struct Shared: Sendable {
        let hubs: EventLoopHubs
        let limits: ServerLimits
        let producers: ProducerHub
        let operations: ServerOperations
        let access: AccessControl
        let tls: ServerTLS?
        /// Whether a connection can become a WebSocket.
        let takesWebSockets: Bool
    }

    let responder: Responder
    let shared: Shared

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let refusal: Problem?
        switch self.admission.receive(channel) {
        case .welcome: refusal = nil
        case .crowded(let problem): refusal = problem
        case .turnedAway:
            return channel.eventLoop.makeSucceededFuture(
                Value(
                    channel: channel,
                    outcome: channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)))
        }
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = UpgradablePipeline(
                handshakeSecondsMax: self.shared.limits.handshakeSecondsMax,
                closeSecondsMax: self.shared.limits.closeSecondsMax, head: self.shared.limits.head,
                refusal: refusal,
                agree: { self.agree(to: $0) }, admit: { self.admit($0, $1) },
                becomeWebSocket: { try self.becomeWebSocket($0, $1, $2) },
                becomeHTTP: { try self.becomeHTTP($0, logger) },
                noteUnreadable: { self.shared.operations.refusals.count($0.code) })
            try self.encrypt(channel)
            return Value(channel: channel, outcome: try pipeline.configure(channel))
        }
    }

    private var admission: Admission { self.shared.operations.admission }

    private func encrypt(_ channel: any Channel) throws {
        guard let tls = self.shared.tls else { return }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(tls.handler())
        let refusals = self.shared.operations.refusals
        try pipeline.addHandler(
            TLSHandshakeHandler(secondsMax: self.shared.limits.tlsHandshakeSecondsMax) {
                refusals.count("tls-handshake")
            })
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.outcome.get() {
            case .http(let channel): await self.handleHTTP(asyncChannel: channel, logger: logger)
            case .webSocket: break
            }
        } catch {
            logger.debug("a connection ended before its first request: \(error)")
            value.channel.close(promise: nil)
        }
    }

    private func becomeHTTP(_ channel: any Channel, _ logger: Logger) throws -> Outcome {
        self.shared.operations.connections.count(channel, as: .http)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(RequestHeadCheck())
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: self.shared.tls != nil))
        try pipeline.addHandler(
            HTTPConnectionHandler(self.shared.limits, refusals: self.shared.operations.refusals))
        // Closes connections that are silent, and, when the server stops, those that have no request.
        try pipeline.addHandler(
            HTTPConnectionStateHandler(
                idleTimeout: .seconds(self.shared.limits.idleSecondsMax), logger: logger))
        return .http(
            try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)))
    }

    private func becomeWebSocket(
        _ channel: any Channel, _ head: HTTPRequestHead, _ principal: Principal
    ) throws -> Outcome {
        let rules = self.shared.access.rules
        // A path may be gone from the configuration since the handshake was agreed to.
        guard let handshake = Handshake(head, rules.restLive), handshake.admits(principal) else {
            throw ChannelError.ioOnClosedChannel
        }
        let hub = self.shared.hubs.hub(of: channel.eventLoop)
        self.shared.operations.connections.count(channel, as: handshake.kind)
        if handshake.isProducer {
            let peer = ProducerPeer(
                hub: self.shared.producers, loopHub: hub, principal: principal,
                client: self.client(channel, head))
            try ProducerHandler(peer: peer, writesDirectly: self.shared.tls == nil).add(to: channel)
            return .webSocket
        }
        let peer = SubscriberPeer(
            hub: hub, dialect: handshake.dialect, principal: principal,
            client: self.client(channel, head), access: self.shared.access,
            admission: self.admission,
            restLive: rules.restLive.options(at: handshake.restLivePath))
        try WebSocketHandler(peer: peer, writesDirectly: self.shared.tls == nil).add(to: channel)
        return .webSocket
    }

    /// What is agreed to with a handshake; nil if there is none to agree to. While the server drains whoever asks gets
    /// HTTP's answer to that.
    private func agree(to head: HTTPRequestHead) -> HTTPHeaders? {
        guard self.shared.takesWebSockets, !self.shared.operations.phase.isDraining,
            let handshake = Handshake(head, self.shared.access.rules.restLive),
            handshake.isAllowed(by: self.shared.access.rules.origins)
        else { return nil }
        var headers = HTTPHeaders()
        if let name = handshake.subprotocol {
            headers.add(name: "Sec-WebSocket-Protocol", value: name)
        }
        return headers
    }

    private func client(_ channel: any Channel, _ head: HTTPRequestHead) -> ClientAddress {
        self.admission.client(
            of: channel.remoteAddress, forwardedFor: head.headers["X-Forwarded-For"])
    }

    /// Who a handshake is of; nil if it does not say. Fails with the reason if they may not come in.
    private func admit(
        _ channel: any Channel, _ head: HTTPRequestHead
    ) -> EventLoopFuture<Principal>? {
        do throws(Problem) {
            let client = self.client(channel, head)
            let credentials = try Credentials(head.headers)
            guard !credentials.isEmpty else {
                try self.enter(.anonymous, client, channel, head)
                return nil
            }
            return channel.eventLoop.makeFutureWithTask {
                let principal = try await self.admission.principal(
                    of: credentials, at: client, by: self.shared.access)
                try self.enter(principal, client, channel, head)
                return principal
            }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private func enter(
        _ principal: Principal, _ client: ClientAddress, _ channel: any Channel,
        _ head: HTTPRequestHead
    ) throws(Problem) {
        let handshake = Handshake(head, self.shared.access.rules.restLive)
        guard handshake?.admits(principal) != false else {
            throw Problem(
                status: 403, code: RequestErrorCode.forbidden.rawValue, title: "Not allowed",
                detail: "this path is not for everybody: say who you are, or connect at another one"
            )
        }
        try self.admission.request(of: principal, at: client)
        try self.admission.enter(principal, at: client, on: channel)
    }
}
