import LoadTest
import NIOCore
import NIOPosix
import Synchronization

/// A server that a load test can be run against, and that can be told to do wrong: whatever a connection that
/// began with `PUB` sends is cut into events of a fixed length, each of which goes to every WebSocket in a frame.
final class Relay: Sendable {
    /// What it does wrong.
    enum Fault: Sendable {
        case none
        /// One socket is not given the event with this number.
        case loses(Int)
        /// One socket is given it twice.
        case repeats(Int)
        /// One socket is given it with a digit of its sequence changed.
        case changes(Int)
        /// One socket is given it after the next one.
        case swaps(Int)
        /// One socket is closed instead.
        case closes(Int)
        /// From this event on nobody is given anything.
        case stops(Int)
        /// Before this event everybody waits.
        case stalls(Int, TimeAmount)
    }

    private let channel: any Channel

    /// The port of loopback where it listens.
    let port: Int

    private init(_ channel: any Channel, port: Int) {
        self.channel = channel
        self.port = port
    }

    /// Runs `body` beside a relay of events of so many bytes.
    static func run<Result>(
        eventBytes: Int, fault: Fault, _ body: (Relay) async throws -> Result
    ) async throws -> Result {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let hub = try await loop.submit {
            NIOLoopBound(Hub(eventBytes: eventBytes, fault: fault), eventLoop: loop)
        }.get()
        let channel = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Connection(hub: hub.value))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let relay = Relay(channel, port: channel.localAddress?.port ?? 0)
        do {
            let result = try await body(relay)
            try await channel.close()
            return result
        } catch {
            try await channel.close()
            throw error
        }
    }
}

/// All connections; on one event loop.
private final class Hub {
    let eventBytes: Int
    let fault: Relay.Fault
    var readers: [any Channel] = []
    var pending = ByteBuffer()
    var count = 0
    var held: ByteBuffer?
    var isStalled = false

    init(eventBytes: Int, fault: Relay.Fault) {
        self.eventBytes = eventBytes
        self.fault = fault
    }

    func publish(_ bytes: ByteBuffer) {
        self.pending.writeImmutableBuffer(bytes)
        self.relay()
    }

    private func relay() {
        while !self.isStalled, let event = self.pending.readSlice(length: self.eventBytes) {
            if case .stalls(self.count, let amount) = self.fault,
                let loop = self.readers.first?.eventLoop
            {
                self.isStalled = true
                self.send(event)
                loop.assumeIsolated().scheduleTask(in: amount) {
                    self.isStalled = false
                    self.relay()
                }
                return
            }
            self.send(event)
        }
        self.pending.discardReadBytes()
    }

    private func send(_ event: ByteBuffer) {
        defer { self.count += 1 }
        if case .stops(let number) = self.fault, self.count >= number { return }
        for (index, reader) in self.readers.enumerated() {
            var texts = [event]
            if index == self.readers.count - 1 { self.spoil(&texts, reader) }
            for text in texts {
                var frame = ByteBuffer()
                frame.writeInteger(0x81 as UInt8)
                frame.writeInteger(126 as UInt8)
                frame.writeInteger(UInt16(text.readableBytes))
                frame.writeImmutableBuffer(text)
                reader.writeAndFlush(frame, promise: nil)
            }
        }
    }

    private func spoil(_ texts: inout [ByteBuffer], _ reader: any Channel) {
        switch self.fault {
        case .loses(self.count): texts = []
        case .repeats(self.count): texts += texts
        case .changes(self.count):
            guard let view = texts.first?.readableBytesView,
                let at = view.firstIndex(of: UInt8(ascii: "@"))
            else { return }
            // The last digit of the sequence.
            let place =
                at + 1 + EventTemplate.Field.group.width + EventTemplate.Field.sequence.width
            let digit = view[place]
            texts[0].setInteger(
                digit == UInt8(ascii: "9") ? UInt8(ascii: "0") : digit + 1, at: place)
        case .swaps(self.count):
            self.held = texts.removeFirst()
        case .swaps(self.count - 1):
            if let held { texts.append(held) }
        case .closes(self.count): reader.close(promise: nil)
        default: break
        }
    }
}

/// One connection: a publisher's or a reader's.
private final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let hub: Hub
    private var isPublisher: Bool?

    init(hub: Hub) { self.hub = hub }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        switch self.isPublisher {
        case true?: self.hub.publish(bytes)
        case false?: break
        case nil where bytes.readableBytesView.starts(with: "PUB\n".utf8):
            self.isPublisher = true
            bytes.moveReaderIndex(forwardBy: 4)
            self.hub.publish(bytes)
        case nil:
            self.isPublisher = false
            let answer = ByteBuffer(
                string: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
            context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
            self.hub.readers.append(context.channel)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.hub.readers.removeAll { $0 === context.channel }
    }
}
