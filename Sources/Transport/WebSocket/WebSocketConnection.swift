package import NIOCore
package import WireProtocol

/// A WebSocket after its handshake, the only handler of its channel: whole messages go to the peer, framed
/// bytes to the socket.
///
/// A close is one frame each way. Whoever has sent and got one, or has broken the protocol, is not heard any
/// more: our half of the socket is shut down, so that what was sent still arrives, and the rest of what comes is
/// thrown away until the client closes or its time is over.
///
/// Threads: only the channel's event loop.
package final class WebSocketConnection<Peer: WebSocketPeer>: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum Phase {
        case open
        /// We have sent a close, and wait for the answer.
        case closing
        /// Nothing is read any more.
        case over
    }

    private let peer: Peer
    private var member: Peer.Member?
    private var context: ChannelHandlerContext?
    private var reader = MessageReader()
    private var phase = Phase.open
    private var quietTicks: UInt8 = 0
    private let writesDirectly: Bool
    /// The socket, while it is open and may be written to without NIO.
    private var socket: NIOBSDSocket.Handle?
    /// Bytes that NIO has because the kernel did not take them.
    private var queuedByteCount = 0
    /// Whether the peer was told that the socket can take no more, and waits to hear otherwise.
    private var isFull = false

    /// - Parameter writesDirectly: whether nothing that is to change bytes stands between this handler and the
    ///   socket. With TLS it must be false.
    package init(peer: Peer, writesDirectly: Bool) {
        self.peer = peer
        self.writesDirectly = writesDirectly
    }

    /// Makes `channel`, which has no handlers left, this WebSocket.
    package func add(to channel: any Channel) throws {
        if let options = channel.syncOptions {
            // A WebSocket that is half closed is closed: otherwise every peer that went would leave its
            // channel here.
            try options.setOption(.allowRemoteHalfClosure, value: false)
            try options.setOption(.maxMessagesPerRead, value: 1)
            try options.setOption(
                .recvAllocator,
                value: SharedReadAllocator(
                    buffer: NIOLoopBound(self.peer.readBuffer, eventLoop: channel.eventLoop)))
        }
        if self.writesDirectly {
            self.socket = try SocketWrite.socket(of: channel)
        }
        try channel.pipeline.syncOperations.addHandler(self)
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.member = self.peer.open(self)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.socket = nil
        self.leave()
        self.context = nil
    }

    package func channelInactive(context: ChannelHandlerContext) {
        // Its number may be another connection's from now on.
        self.socket = nil
        self.leave()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        self.quietTicks = 0
        if self.phase != .over { self.read(buffer) }
        if let member { self.peer.completeRead(member) }
        self.peer.readBuffer.giveBack(buffer)
    }

    private func read(_ buffer: ByteBuffer) {
        var bytes = buffer
        let limits = self.peer.limits.message
        do throws(MessageReader.Violation) {
            while self.phase != .over, let input = try self.reader.next(in: &bytes, limits: limits)
            {
                self.receive(input)
            }
        } catch {
            self.close(error.code, reason: error.reason)
            self.finish()
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, let member { self.peer.quiesce(member, self) }
        context.fireUserInboundEventTriggered(event)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Called every few seconds: pings who is quiet, closes who stays so.
    package func tick() {
        if self.quietTicks < .max { self.quietTicks += 1 }
        let limits = self.peer.limits
        if self.quietTicks >= limits.quietTicksMax {
            self.close(.silent, reason: "no answer to pings")
        } else if self.quietTicks >= limits.quietTicksBeforePing, self.phase == .open {
            self.write(.ping, [])
        }
    }

    /// Sends whole frames in one write. Returns whether the socket can take more; if not, the peer is told when
    /// it can.
    package func send(_ frames: [UInt8]) -> Bool {
        guard self.phase == .open else { return true }
        self.write(frames)
        self.isFull = self.queuedByteCount > self.peer.limits.socketByteCountMax
        return !self.isFull
    }

    /// Whether the socket can take more; if not, the peer is told when it can.
    package var isWritable: Bool { !self.isFull }

    /// Reads the socket, or leaves what comes with the client.
    package func setReading(_ isReading: Bool) {
        // A channel that is closed has no options, and nothing to read.
        try? self.context?.channel.syncOptions?.setOption(.autoRead, value: isReading)
    }

    /// Closes the socket with `code` after what was sent.
    package func close(_ code: CloseCode, reason: String) {
        guard self.phase == .open else { return }
        self.phase = .closing
        self.write(
            .close,
            [
                UInt8(truncatingIfNeeded: code.rawValue >> 8),
                UInt8(truncatingIfNeeded: code.rawValue),
            ]
                + reason.utf8.prefix(ControlFrame.payloadCountMax - 2))
        self.leave()
        // For the client's answer, whether or not anything was read before.
        self.setReading(true)
        self.giveUpInTime()
    }

    // MARK: - Private

    private func receive(_ input: MessageReader.Input) {
        if case .close(let answer) = input {
            if self.phase == .open {
                self.phase = .closing
                self.write(.close, answer)
                self.leave()
                self.giveUpInTime()
            }
            self.finish()
            return
        }
        // Whatever was on its way when we closed comes too late.
        guard let member, self.phase == .open else { return }
        switch input {
        case .text(let message): self.peer.receive(text: message, from: member, self)
        case .binary(let message): self.peer.receive(binary: message, from: member, self)
        case .ping(let payload):
            // Who pings on and reads nothing gets no answers that would have to wait here.
            if self.queuedByteCount == 0 { self.write(.pong, payload) }
        case .pong, .close: break
        }
    }

    private func write(_ kind: ControlFrame, _ payload: [UInt8]) {
        self.write([kind.rawValue, UInt8(payload.count)] + payload)
    }

    private func write(_ bytes: [UInt8]) {
        guard let context else { return }
        var written = 0
        if let socket, self.queuedByteCount == 0 {
            written = SocketWrite.send(bytes, to: socket)
            if written == bytes.count { return }
        }
        let left = bytes.count - written
        self.queuedByteCount += left
        let isWritten = context.eventLoop.makePromise(of: Void.self)
        isWritten.futureResult.assumeIsolated().whenSuccess { [weak self] in
            self?.noteWritten(left)
        }
        context.writeAndFlush(
            self.wrapOutboundOut(ByteBuffer(bytes: bytes[written...])), promise: isWritten)
    }

    private func noteWritten(_ byteCount: Int) {
        self.queuedByteCount -= byteCount
        guard self.queuedByteCount == 0, self.isFull, let member else { return }
        self.isFull = false
        self.peer.becomeWritable(member)
    }

    /// Ends the conversation: after what was sent the client reads an end.
    private func finish() {
        guard self.phase != .over else { return }
        self.phase = .over
        self.context?.close(mode: .output, promise: nil)
    }

    /// Closes the socket in a while, if the client does not.
    private func giveUpInTime() {
        guard let context else { return }
        let seconds = TimeAmount.seconds(Int64(self.peer.limits.closeSecondsMax))
        context.eventLoop.assumeIsolated().scheduleTask(in: seconds) { [weak self] in
            self?.context?.close(promise: nil)
        }
    }

    private func leave() {
        guard let member else { return }
        self.member = nil
        self.peer.leave(member, self)
    }
}

/// The first byte of a control frame of the server's.
private enum ControlFrame: UInt8 {
    case close = 0x88
    case ping = 0x89
    case pong = 0x8A

    static let payloadCountMax = 125
}
