import LivelogClient
import NIOCore
import NIOEmbedded
import Testing

@Suite struct SilenceDetectorTests {
    private let limit = TimeAmount.seconds(45)

    @Test func aSilentServerIsGivenUp() throws {
        let (channel, seen) = try self.channel()
        channel.read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(44))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
        #expect(seen.errors.map(\.code) == [.unreachable])
    }

    @Test func everyByteStartsTheWaitAnew() throws {
        let (channel, seen) = try self.channel()
        for _ in 0..<10 {
            channel.read()
            channel.embeddedEventLoop.advanceTime(by: .seconds(40))
            try channel.writeInbound(ByteBuffer(bytes: [1]))
        }
        #expect(channel.isActive)
        channel.read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(45))
        #expect(!channel.isActive)
        #expect(seen.errors.count == 1)
    }

    @Test func aSlowReaderIsNotASilentServer() throws {
        let (channel, seen) = try self.channel()
        channel.read()
        try channel.writeInbound(ByteBuffer(bytes: [1]))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
        channel.read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(44))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
        #expect(seen.errors.count == 1)
    }

    @Test func aClosedConnectionIsNotWatched() throws {
        let (channel, seen) = try self.channel()
        channel.read()
        _ = try channel.finish()
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(seen.errors.isEmpty)
    }

    private func channel() throws -> (EmbeddedChannel, ErrorLog) {
        let seen = ErrorLog()
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([SilenceDetector(limit: self.limit), seen])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, seen)
    }
}

/// Remembers the errors that come through a pipeline.
private final class ErrorLog: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private(set) var errors: [ClientError] = []

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? ClientError { self.errors.append(error) }
    }
}
