import NIOCore
import NIOPosix

/// A TCP connection on which events follow each other without answers, as NATS, MQTT and the floor have it.
final class StreamLane: PublisherLane, ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let separator: StaticString = ""
    let unansweredCount = 0
    private let load: Load
    private var channel: (any Channel)?
    private var isClosing = false

    private init(load: Load) { self.load = load }

    /// Connects and says the first words.
    static func open(load: Load, port: Int) async throws -> StreamLane {
        let lane = NIOLoopBound(StreamLane(load: load), eventLoop: load.eventLoop)
        let channel = try await load.bootstrap(isSmall: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(lane.value)
                }
            }
            .connect(host: load.host, port: port).get()
        var words = ByteBuffer()
        load.dialect.greet(&words)
        try await channel.writeAndFlush(words)
        lane.value.channel = channel
        return lane.value
    }

    var canTake: Bool { self.channel?.isWritable == true }

    func begin(byteCount: Int) -> ByteBuffer {
        var batch = ByteBuffer()
        batch.reserveCapacity(byteCount)
        return batch
    }

    func send(
        _ batch: ByteBuffer, count: Int, from time: UInt64, acknowledged: @escaping (UInt64) -> Void
    ) {
        self.channel?.writeAndFlush(batch, promise: nil)
    }

    func close() {
        self.isClosing = true
        self.channel?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.load.dialect.meaning(ofAnswer: self.unwrapInboundIn(data).readableBytesView) {
        case .nothing, .live: break
        case .expects(let answer):
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        case .refusal(let text):
            self.load.fail(LoadError(.refused, "the server answered the publisher \(text)"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard !self.isClosing else { return }
        self.load.fail(LoadError(.closed, "the server closed the publisher's connection"))
    }
}
