import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket
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

    let responder: Responder
    let hubs: EventLoopHubs
    let limits: ServerLimits
    let producers: ProducerHub
    let operations: ServerOperations
    let makeSession: @Sendable (Dialect) -> Session

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let upgrader = NIOTypedWebSocketServerUpgrader<Outcome>(
                maxFrameSize: self.limits.session.messageByteCountMax,
                enableAutomaticErrorHandling: false,
                shouldUpgrade: { channel, head in
                    channel.eventLoop.makeSucceededFuture(
                        Handshake(head).map { Self.headers(for: $0) })
                },
                upgradePipelineHandler: { channel, head in
                    self.fitDecoder(of: channel, to: head).flatMapThrowing {
                        try self.becomeWebSocket(channel, head)
                    }
                })
            var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
                upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
                    upgraders: [upgrader],
                    notUpgradingCompletionHandler: { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try self.becomeHTTP(channel, logger)
                        }
                    }))
            // Hummingbird takes one request at a time, answers what cannot be parsed, and its header
            // types cannot hold what would split a response.
            configuration.enablePipelining = false
            configuration.enableErrorHandling = false
            configuration.enableResponseHeaderValidation = false
            let outcome = try channel.pipeline.syncOperations
                .configureUpgradableHTTPServerPipeline(configuration: configuration)
            // While the server drains, whoever asks gets HTTP's answer to that.
            let phase = self.operations.phase
            try DecliningUpgrades { !phase.isDraining && Handshake($0) != nil }.add(to: channel)
            let waiting = WaitingForFirstRequest()
            try channel.pipeline.syncOperations.addHandler(waiting, position: .first)
            let deadline = channel.eventLoop.scheduleTask(
                in: .seconds(Int64(self.limits.handshakeSecondsMax))
            ) {
                channel.close(promise: nil)
            }
            outcome.assumeIsolated().whenComplete { _ in
                deadline.cancel()
                channel.pipeline.syncOperations.removeHandler(waiting, promise: nil)
            }
            return Value(channel: channel, outcome: outcome)
        }
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
        self.operations.connections.count(channel, as: .http)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ContinueHandler())
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        // Closes connections that are silent, and, when the server stops, those that have no request.
        try pipeline.addHandler(
            HTTPConnectionStateHandler(
                idleTimeout: .seconds(self.limits.idleSecondsMax), logger: logger))
        return .http(
            try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)))
    }

    private func becomeWebSocket(_ channel: any Channel, _ head: HTTPRequestHead) throws -> Outcome
    {
        guard let handshake = Handshake(head) else {
            preconditionFailure("a handshake was agreed to and is none")
        }
        if let options = channel.syncOptions {
            // A WebSocket that is half closed is closed: otherwise every peer that went would leave its
            // channel here.
            try options.setOption(.allowRemoteHalfClosure, value: false)
            let high = self.limits.socketByteCountMax
            try options.setOption(
                .writeBufferWaterMark, value: .init(low: high / 4, high: high))
        }
        let hub = self.hubs.hub(of: channel.eventLoop)
        self.operations.connections.count(channel, as: handshake.kind)
        if handshake.isProducer {
            try channel.pipeline.syncOperations.addHandler(
                ProducerHandler(hub: self.producers, loopHub: hub))
            return .webSocket
        }
        try channel.pipeline.syncOperations.addHandler(
            WebSocketHandler(hub: hub, session: self.makeSession(handshake.dialect)))
        return .webSocket
    }

    /// Makes room for a producer's frames, which are larger than a subscriber's may be. Until that is done no
    /// byte reaches the decoder.
    private func fitDecoder(of channel: any Channel, to head: HTTPRequestHead)
        -> EventLoopFuture<Void>
    {
        guard Handshake(head)?.isProducer == true else {
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        let limit = self.limits.producer.messageByteCountMax
        do {
            let decoder = try channel.pipeline.syncOperations.handler(
                type: ByteToMessageHandler<WebSocketFrameDecoder>.self)
            return channel.pipeline.syncOperations.removeHandler(decoder).flatMapThrowing {
                try channel.pipeline.syncOperations.addHandler(
                    ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limit)))
            }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private static func headers(for handshake: Handshake) -> HTTPHeaders {
        var headers = HTTPHeaders()
        if let name = handshake.subprotocol {
            headers.add(name: "Sec-WebSocket-Protocol", value: name)
        }
        return headers
    }
}

/// What a client's WebSocket handshake asks for.
struct Handshake {
    private static let paths: Set<String> = [
        "/ws/subscribe", "/ws/subscribe/", "/api/ws/subscribe", "/api/ws/subscribe/",
    ]
    private static let publishPaths: Set<String> = [
        "/ws/publish", "/ws/publish/", "/api/ws/publish", "/api/ws/publish/",
    ]
    private static let livelog1 = "livelog.v1"
    private static let producer1 = "livelog.producer.v1"

    let dialect: Dialect
    /// Whether the client publishes, in the dialect `livelog.producer.v1`; then `dialect` means nothing.
    let isProducer: Bool
    /// The subprotocol that is agreed to, if the client offered any that is known.
    let subprotocol: String?

    /// What the connection is counted as.
    var kind: ConnectionKind {
        switch self.dialect {
        case _ where self.isProducer: .producer1
        case .restLive1: .restLive1
        // A stream is a request, not a WebSocket.
        case .livelog1, .serverSentEvents, .ndjson: .livelog1
        }
    }

    /// Reads a request's head; nil if there is no WebSocket at its path.
    init?(_ head: HTTPRequestHead) {
        let path = String(head.uri.prefix { $0 != "?" })
        let isPublishPath = Self.publishPaths.contains(path)
        guard isPublishPath || Self.paths.contains(path) else { return nil }
        let offered = head.headers[canonicalForm: "Sec-WebSocket-Protocol"]
        let known = offered.first { $0 == Self.livelog1 || $0 == Self.producer1 }
        self.isProducer = known.map { $0 == Self.producer1 } ?? false
        guard self.isProducer || !isPublishPath else { return nil }
        if self.isProducer {
            self.dialect = .livelog1
            self.subprotocol = Self.producer1
        } else if offered.contains(where: { $0 == Self.livelog1 }) {
            self.dialect = .livelog1
            self.subprotocol = Self.livelog1
        } else {
            self.dialect = .restLive1
            self.subprotocol = nil
        }
    }
}

/// Closes a connection that has not said anything yet when the server stops.
private final class WaitingForFirstRequest: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
