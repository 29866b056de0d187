import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Synchronization

/// An open WebSocket in one of the server's dialects. It closes when its last copy is dropped.
struct WebSocketConnection: Sendable {
    /// What is spoken over it. The text is the subprotocol's name.
    enum Dialect: String, Sendable {
        /// For subscribers.
        case subscriber = "livelog.v1"
        /// For producers.
        case producer = "livelog.producer.v1"

        /// Where `server` speaks it.
        func path(on server: ServerAddress) -> String {
            switch self {
            case .subscriber: server.subscribePath
            case .producer: server.publishPath
            }
        }
    }

    private enum Upgrade: Sendable {
        case open(WebSocketConnection)
        case refused(EventLoopFuture<ClientError>)
    }

    private let channel: any Channel
    /// The messages of the server. They have one reader.
    let messages: FrameInbox.Messages

    /// Connects to a server and opens the WebSocket.
    ///
    /// - Parameter attempt: what another task ends the attempt with, and the connection that comes of it.
    /// - Throws: `unreachable`, `unavailable` or `refused`; `cancelled` if the task or the attempt is.
    static func open(
        to server: ServerAddress, as dialect: Dialect = .subscriber,
        configuration: ClientConfiguration, attempt: ConnectionAttempt
    ) async throws(ClientError) -> WebSocketConnection {
        let tls = server.isEncrypted ? try configuration.tlsContext() : nil
        let authorization = try configuration.authorization()
        do {
            return try await withTaskCancellationHandler {
                try await Self.connect(
                    to: server, as: dialect, configuration: configuration, tls: tls,
                    authorization: authorization, attempt: attempt)
            } onCancel: {
                attempt.cancel()
            }
        } catch {
            // A server that has answered keeps its socket otherwise, also if the answer was wrong.
            attempt.cancel()
            if Task.isCancelled { throw ClientError(transport: CancellationError()) }
            throw ClientError(transport: error)
        }
    }

    /// Sends a text message.
    func send(_ text: [UInt8]) async throws(ClientError) {
        let frame = WebSocketFrame(
            fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(bytes: text))
        do {
            try await self.channel.writeAndFlush(frame)
        } catch {
            throw ClientError(transport: error)
        }
    }

    /// Sends text messages, in this order and together, and returns when the network has taken them.
    func send(_ texts: [[UInt8]]) async throws(ClientError) {
        let channel = self.channel
        let frames = texts.map {
            WebSocketFrame(
                fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(bytes: $0))
        }
        guard let last = frames.last else { return }
        do {
            try await channel.eventLoop.flatSubmit {
                for frame in frames.dropLast() { channel.write(frame, promise: nil) }
                return channel.writeAndFlush(last)
            }.get()
        } catch {
            throw ClientError(transport: error)
        }
    }

    private static func connect(
        to server: ServerAddress, as dialect: Dialect, configuration: ClientConfiguration,
        tls: NIOSSLContext?, authorization: String?, attempt: ConnectionAttempt
    ) async throws -> WebSocketConnection {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
        let upgrade = try await bootstrap.connect(host: server.host, port: server.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try attempt.add(channel)
                let pipeline = channel.pipeline.syncOperations
                let limit = TimeAmount(configuration.silenceLimit)
                try pipeline.addHandler(SilenceDetector(limit: limit))
                if let tls {
                    let name = server.serverNameIndication
                    try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                }
                return try pipeline.configureUpgradableHTTPClientPipeline(
                    configuration: .init(
                        upgradeConfiguration: Self.upgrade(
                            to: server, as: dialect, authorization: authorization,
                            largestMessage: configuration.largestMessage)))
            }
        }
        switch try await upgrade.get() {
        case .open(let connection): return connection
        case .refused(let error): throw try await error.get()
        }
    }

    private static func upgrade(
        to server: ServerAddress, as dialect: Dialect, authorization: String?, largestMessage: Int
    ) -> NIOTypedHTTPClientUpgradeConfiguration<Upgrade> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Upgrade>(
            maxFrameSize: largestMessage,
            // The inbox does it, which also has to tell its reader.
            enableAutomaticErrorHandling: false,
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    guard head.headers["Sec-WebSocket-Protocol"] == [dialect.rawValue] else {
                        throw ClientError(
                            .refused, "the server does not speak \(dialect.rawValue)")
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1 << 20,
                            maxAccumulatedFrameSize: largestMessage))
                    return .open(
                        WebSocketConnection(
                            channel: channel, messages: try FrameInbox.add(to: channel)))
                }
            })
        var headers: HTTPHeaders = [
            "Host": server.authority, "Sec-WebSocket-Protocol": dialect.rawValue,
        ]
        if let authorization { headers.add(name: "Authorization", value: authorization) }
        return NIOTypedHTTPClientUpgradeConfiguration(
            upgradeRequestHead: HTTPRequestHead(
                version: .http1_1, method: .GET, uri: dialect.path(on: server), headers: headers),
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.eventLoop.makeCompletedFuture {
                    let promise = channel.eventLoop.makePromise(of: ClientError.self)
                    try channel.pipeline.syncOperations.addHandler(UpgradeRefusal(promise: promise))
                    return .refused(promise.futureResult)
                }
            })
    }
}

/// The sockets of one attempt to connect, which a cancelled task closes: without that it would wait for
/// a server that never answers.
final class ConnectionAttempt: Sendable {
    /// The sockets so far; nil once the attempt is cancelled.
    private let channels = Mutex<[any Channel]?>([])

    func add(_ channel: any Channel) throws {
        let isCancelled = self.channels.withLock {
            $0?.append(channel)
            return $0 == nil
        }
        if isCancelled { throw CancellationError() }
    }

    func cancel() {
        let channels = self.channels.withLock { channels in
            defer { channels = nil }
            return channels ?? []
        }
        for channel in channels { channel.close(promise: nil) }
    }
}

extension ServerAddress {
    /// The name to ask for in the TLS handshake: none for an address.
    fileprivate var serverNameIndication: String? {
        (try? SocketAddress(ipAddress: self.host, port: self.port)) == nil ? self.host : nil
    }
}
