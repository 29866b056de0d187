import NIOCore
import NIOEmbedded
import Testing
import Transport
import WireProtocol

/// What a WebSocket does while its socket takes nothing, or not all.
@Suite struct WebSocketConnectionTests {
    /// A thousand slow sockets got a copy each of the megabytes that they could not take. Now a socket is given a
    /// small piece at a time, and the rest is the one array that all of them hold.
    @Test func aSocketThatTakesNothingHoldsOnePiece() throws {
        let socket = try SlowWebSocket()
        let frames = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        #expect(!socket.connection.send(frames))
        _ = socket.connection.send([1, 2, 3])
        var taken: [UInt8] = []
        while let piece = socket.wire.take() {
            #expect(piece.count <= 64 << 10)
            #expect(socket.wire.waiting.count <= 1)
            taken += piece
        }
        #expect(taken == frames + [1, 2, 3])
        #expect(socket.peer.events == ["writable"])
    }

    /// A session stayed blocked for ever: what was sent while the socket drained found less waiting than the bound,
    /// and so nobody was told when nothing waited any more.
    @Test func whoWasToldThatTheSocketIsFullHearsThatItIsNot() throws {
        let socket = try SlowWebSocket()
        #expect(!socket.connection.send([UInt8](repeating: 0, count: 100_000)))
        #expect(!socket.connection.send([1]))
        _ = socket.wire.take()
        #expect(!socket.connection.send([2]))
        #expect(!socket.connection.isWritable)
        #expect(socket.peer.events.isEmpty)
        while socket.wire.take() != nil {}
        #expect(socket.peer.events == ["writable"])
        #expect(socket.connection.isWritable)
        #expect(socket.connection.send([3]))
    }

    /// A ping that came while bytes waited was never answered, and the client took the server for dead.
    @Test func theLastPingIsAnsweredWhenNothingWaits() throws {
        let socket = try SlowWebSocket()
        _ = socket.connection.send([UInt8](repeating: 7, count: 100))
        try socket.channel.writeInbound(ping([1]))
        try socket.channel.writeInbound(ping([2, 3]))
        #expect(socket.wire.take()?.count == 100)
        #expect(socket.wire.take() == [0x8A, 2, 2, 3])
        #expect(socket.wire.take() == nil)
        try socket.channel.writeInbound(ping([4]))
        #expect(socket.wire.take() == [0x8A, 1, 4])
    }

    @Test func aCloseComesBehindWhatWaitsAndThenTheEnd() throws {
        let socket = try SlowWebSocket()
        _ = socket.connection.send([UInt8](repeating: 7, count: 100_000))
        socket.connection.close(.goingAway, reason: "")
        // The client's close: there is nothing more to say, but what waits.
        try socket.channel.writeInbound(ByteBuffer(bytes: [0x88, 0x80, 0, 0, 0, 0]))
        #expect(socket.wire.take()?.count == 65_536)
        #expect(!socket.wire.isEnded)
        let rest = socket.wire.take()
        #expect(rest?.suffix(4) == [0x88, 2, 3, 233])
        #expect(socket.wire.isEnded)
    }

    @Test func whoSendsMoreMessagesThanItMayIsClosed() throws {
        let socket = try SlowWebSocket()
        socket.peer.limits.messages = Rate(1, inSeconds: 1000, burst: 3)
        for name in ["a", "b", "c", "d", "e"] { try socket.channel.writeInbound(text(name)) }
        #expect(socket.peer.events == ["a", "b", "c", "too-many-messages"])
        var sent: [UInt8] = []
        while let bytes = socket.wire.take() { sent += bytes }
        #expect(sent.prefix(3) == [0, 0, 0] && sent.dropFirst(5).prefix(2) == [0x11, 0x4D])
        #expect(socket.wire.isEnded)
    }

    @Test func whoPingsMoreThanItMayIsClosed() throws {
        let socket = try SlowWebSocket()
        socket.peer.limits.pings = Rate(2, inSeconds: 1000)
        for number in 1...4 { try socket.channel.writeInbound(ping([UInt8(number)])) }
        try socket.channel.writeInbound(text("too late"))
        var sent: [[UInt8]] = []
        while let bytes = socket.wire.take() { sent.append(bytes) }
        let all = Array(sent.joined())
        // The first is answered at once, and of those that came while that was written the last one.
        #expect(all.starts(with: [0x8A, 1, 1]))
        #expect(socket.peer.events == ["too-many-pings"])
        #expect(all.firstRange(of: [0x03, 0xF0]) != nil)
        #expect(socket.wire.isEnded)
    }

    /// NIO reads what is left when a write fails, from within that write, so that messages were taken from a later
    /// buffer before those of the one at hand.
    @Test func nothingIsReadWithinAWrite() throws {
        let socket = try SlowWebSocket()
        socket.wire.readsWithinWrite = text("second")
        try socket.channel.writeInbound(merged(text("first"), text("third")))
        #expect(socket.peer.events == ["first"])
    }
}

/// A WebSocket whose client reads when the test says so.
private struct SlowWebSocket {
    let channel = EmbeddedChannel()
    let wire = SlowWire()
    let peer = RecordingPeer()
    let connection: WebSocketConnection<RecordingPeer>

    init() throws {
        self.connection = WebSocketConnection(peer: self.peer, writesDirectly: false)
        try self.channel.pipeline.syncOperations.addHandler(self.wire)
        try self.connection.add(to: self.channel)
    }
}

/// Holds what is written until it is taken.
private final class SlowWire: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private(set) var waiting: [(bytes: [UInt8], isWritten: EventLoopPromise<Void>?)] = []
    private(set) var isEnded = false
    /// What is read within the next write, as when that fails.
    var readsWithinWrite: ByteBuffer?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.waiting.append((Array(self.unwrapOutboundIn(data).readableBytesView), promise))
        guard let bytes = self.readsWithinWrite else { return }
        self.readsWithinWrite = nil
        context.fireChannelRead(NIOAny(bytes))
    }

    func flush(context: ChannelHandlerContext) {}

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        self.isEnded = true
        promise?.succeed()
    }

    /// Takes the next write off the wire.
    func take() -> [UInt8]? {
        guard !self.waiting.isEmpty else { return nil }
        let (bytes, isWritten) = self.waiting.removeFirst()
        isWritten?.succeed()
        return bytes
    }
}

/// Writes down what it hears; answers each message with a byte.
private final class RecordingPeer: WebSocketPeer {
    var limits = WebSocketLimits(
        message: .init(byteCountMax: 1000), socketByteCountMax: 16 << 10, closeSecondsMax: 5,
        quietTicksBeforePing: 2, quietTicksMax: 6)
    let readBuffer = ReadBuffer()
    private(set) var events: [String] = []

    func open(_ connection: WebSocketConnection<RecordingPeer>) {}

    func receive(
        text message: [UInt8], from: Void, _ connection: WebSocketConnection<RecordingPeer>
    ) {
        self.events.append(String(decoding: message, as: UTF8.self))
        _ = connection.send([0])
    }

    func receive(
        binary message: [UInt8], from: Void, _ connection: WebSocketConnection<RecordingPeer>
    ) {}

    func becomeWritable(_ member: Void) {
        self.events.append("writable")
    }

    func noteExcess(_ code: String) {
        self.events.append(code)
    }

    func leave(_ member: Void, _ connection: WebSocketConnection<RecordingPeer>) {}
}

private func ping(_ payload: [UInt8]) -> ByteBuffer {
    ByteBuffer(bytes: [0x89, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload)
}

private func text(_ text: String) -> ByteBuffer {
    ByteBuffer(bytes: [0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0] + Array(text.utf8))
}

private func merged(_ first: ByteBuffer, _ second: ByteBuffer) -> ByteBuffer {
    ByteBuffer(bytes: Array(first.readableBytesView) + Array(second.readableBytesView))
}
