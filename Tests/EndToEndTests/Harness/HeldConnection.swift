import NIOCore
import NIOPosix

/// A connection that a test holds open, and the bytes that come over it.
struct HeldConnection: Sendable {
    private let channel: any Channel
    private let inbox: NIOLoopBound<Inbox>

    /// Connects, sends `bytes`, and reads from then on.
    init(to port: Int, sending bytes: ByteBuffer) async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let inbox = try await eventLoop.submit {
            NIOLoopBound(Inbox(), eventLoop: eventLoop)
        }.get()
        self.inbox = inbox
        self.channel = try await ClientBootstrap(group: eventLoop)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(inbox.value)
                    return channel
                }
            }
        self.channel.writeAndFlush(bytes, promise: nil)
    }

    /// Waits until `pattern` has come and returns everything until then, or all that came before the end.
    func receive(until pattern: [UInt8]) async throws -> [UInt8] {
        try await self.channel.eventLoop.flatSubmit { self.inbox.value.wait(for: pattern) }.get()
    }

    /// Waits until the server has closed, and returns all that came.
    func receiveAll() async throws -> [UInt8] { try await self.receive(until: []) }

    /// Sends more.
    func send(_ bytes: [UInt8]) {
        self.channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    /// Closes the connection.
    func close() async throws { try await self.channel.close() }

    private final class Inbox: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var bytes: [UInt8] = []
        private var isOver = false
        private var waiting: (pattern: [UInt8], promise: EventLoopPromise<[UInt8]>)?
        private var eventLoop: (any EventLoop)?

        func handlerAdded(context: ChannelHandlerContext) { self.eventLoop = context.eventLoop }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.bytes += self.unwrapInboundIn(data).readableBytesView
            self.answer()
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.isOver = true
            self.answer()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        /// Nothing is waited for by an empty pattern but the end.
        func wait(for pattern: [UInt8]) -> EventLoopFuture<[UInt8]> {
            guard let eventLoop else { preconditionFailure("the connection was never made") }
            let promise = eventLoop.makePromise(of: [UInt8].self)
            self.waiting = (pattern, promise)
            self.answer()
            return promise.futureResult
        }

        private func answer() {
            guard let (pattern, promise) = self.waiting,
                self.isOver || (!pattern.isEmpty && self.bytes.firstRange(of: pattern) != nil)
            else { return }
            self.waiting = nil
            promise.succeed(self.bytes)
        }
    }
}

extension LivelogServer {
    /// Opens a connection, sends a request, and returns it with the answer's head.
    func hold(_ request: RawRequest) async throws -> (connection: HeldConnection, head: String) {
        var bytes = ByteBuffer(string: request.head + "\r\n")
        bytes.writeImmutableBuffer(request.body)
        let connection = try await HeldConnection(to: self.port, sending: bytes)
        let answer = try await connection.receive(until: Array("\r\n\r\n".utf8))
        return (connection, String(decoding: answer, as: UTF8.self))
    }
}
