import LivelogClient
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Synchronization

/// A client's WebSocket pipeline behind the handshake, without a network.
final class TestSocket {
    let channel: NIOAsyncTestingChannel
    let reads = ReadCounter()
    var messages: FrameInbox.Messages?

    init() async throws {
        self.channel = NIOAsyncTestingChannel()
        let channel = self.channel
        let reads = self.reads
        self.messages = try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandlers([
                reads, ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 20)),
                NIOWebSocketFrameAggregator(
                    minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 100,
                    maxAccumulatedFrameSize: 1 << 20),
            ])
            return try FrameInbox.add(to: channel)
        }.get()
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
    }

    /// Lets the client read these bytes.
    func receive(_ bytes: [UInt8]) async throws {
        try await self.channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// Runs what the event loop has been asked to do so far.
    func settle() async throws {
        await self.channel.testingEventLoop.run()
    }
}

/// Counts how often the socket was asked for bytes.
final class ReadCounter: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let counter = Mutex(0)

    var count: Int { self.counter.withLock { $0 } }

    func read(context: ChannelHandlerContext) {
        self.counter.withLock { $0 += 1 }
    }
}
