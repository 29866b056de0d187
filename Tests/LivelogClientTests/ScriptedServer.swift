import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

/// A WebSocket server on a loopback port that plays one script a connection, in order, and then closes it.
enum ScriptedServer {
    typealias Script = @Sendable (Socket) async throws -> Void

    /// A connection as its script sees it.
    struct Socket {
        fileprivate var inbound: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

        /// The client's next text message; nil once it has left.
        mutating func received() async throws -> String? {
            while let frame = try await self.inbound.next(isolation: #isolation) {
                if frame.opcode == .connectionClose { return nil }
                if frame.opcode == .text { return String(buffer: frame.unmaskedData) }
            }
            return nil
        }

        /// Sends a text message.
        func send(_ text: String) async throws {
            try await self.outbound.write(
                WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text)))
        }

        /// Sends a close frame.
        func close(_ code: WebSocketErrorCode) async throws {
            var content = ByteBuffer()
            content.write(webSocketErrorCode: code)
            try await self.outbound.write(
                WebSocketFrame(fin: true, opcode: .connectionClose, data: content))
        }
    }

    private typealias Connection = EventLoopFuture<NIOAsyncChannel<WebSocketFrame, WebSocketFrame>?>

    /// Runs `body` with the URL of a server that plays `scripts`.
    static func run<Result: Sendable>(
        subprotocol: String = "livelog.v1", _ scripts: [Script],
        body: @Sendable (String) async throws -> Result
    ) async throws -> Result {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.configure(channel, subprotocol: subprotocol)
                }
            }
        let port = listener.channel.localAddress?.port ?? 0
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await listener.executeThenClose { connections in
                    var rest = scripts[...]
                    for try await connection in connections {
                        guard let script = rest.popFirst() else { return }
                        guard let channel = try await connection.get() else { continue }
                        try await channel.executeThenClose { inbound, outbound in
                            let socket = Socket(
                                inbound: inbound.makeAsyncIterator(), outbound: outbound)
                            try await script(socket)
                        }
                    }
                }
            }
            let result = try await body("http://127.0.0.1:\(port)")
            group.cancelAll()
            return result
        }
    }

    private static func configure(_ channel: any Channel, subprotocol: String) throws -> Connection
    {
        let upgrader = NIOTypedWebSocketServerUpgrader<
            NIOAsyncChannel<WebSocketFrame, WebSocketFrame>?
        >(
            shouldUpgrade: { channel, head in
                let isWanted =
                    head.uri == "/ws/subscribe/"
                    && head.headers["Sec-WebSocket-Protocol"] == ["livelog.v1"]
                return channel.eventLoop.makeSucceededFuture(
                    isWanted ? ["Sec-WebSocket-Protocol": subprotocol] : nil)
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            })
        return try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
            configuration: .init(
                upgradeConfiguration: .init(
                    upgraders: [upgrader],
                    notUpgradingCompletionHandler: { channel in
                        channel.close().map { nil }
                    })))
    }
}
