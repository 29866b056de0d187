package import NIOCore
package import WireProtocol

/// A WebSocket after its handshake, the only handler of its channel but what encrypts: whole messages go to the peer, framed
/// bytes to the socket.
///
/// What the kernel does not take waits in a ``Backlog``, of which NIO has one piece at a time. When that is gone,
/// a ping is answered, then a peer that was told that the socket is full hears that it is not.
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

    /// Bytes that NIO has of what waits: enough to fill the room that a socket gets at a time.
    private static var pieceByteCountMax: Int { 64 << 10 }

    let peer: Peer
    private(set) var member: Peer.Member?
    private var context: ChannelHandlerContext?
    private var reader = MessageReader()
    private var phase = Phase.open
    private var quietTicks: UInt8 = 0
    /// What the client may still say.
    private var messages = TokenBucket()
    private var pings = TokenBucket()
    /// Tokens of the client that were not accepted.
    package var refusedTokenCount = 0
    private let writesDirectly: Bool
    /// The socket, while it is open and may be written to without NIO.
    private var socket: NIOBSDSocket.Handle?
    /// What the kernel did not take, while there is any.
    private var backlog: Backlog?
    /// Whether the peer was told that the socket can take no more, and waits to hear otherwise.
    private var isFull = false
    /// Whether a write is under way in NIO.
    private var isWriting = false

    /// - Parameter writesDirectly: whether nothing that is to change bytes stands between this handler and the
    ///   socket. With TLS it must be false.
    package init(peer: Peer, writesDirectly: Bool) {
        self.peer = peer
        self.writesDirectly = writesDirectly
    }

    /// Makes `channel`, which has no handlers left but what encrypts, this WebSocket.
    package func add(to channel: any Channel) throws {
        if let options = channel.syncOptions {
            // A WebSocket that is half closed is closed: otherwise every peer that went would leave its
            // channel here.
            try options.setOption(.allowRemoteHalfClosure, value: false)
            if self.writesDirectly {
                // What is decrypted is kept for a while by who does that.
                try options.setOption(.maxMessagesPerRead, value: 1)
                try options.setOption(
                    .recvAllocator,
                    value: SharedReadAllocator(
                        buffer: NIOLoopBound(self.peer.readBuffer, eventLoop: channel.eventLoop)))
            }
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
        self.backlog = nil
        self.leave()
        self.context = nil
    }

    package func channelInactive(context: ChannelHandlerContext) {
        // Its number may be another connection's from now on.
        self.socket = nil
        self.backlog = nil
        self.leave()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        self.quietTicks = 0
        // A write that fails makes NIO read what is left before it closes, perhaps while we read already. What
        // would be answered cannot be any more.
        if self.isWriting { self.phase = .over }
        if self.phase != .over { self.read(buffer) }
        if let member { self.peer.completeRead(member) }
        // What was decrypted was not read into the loop's buffer.
        if self.writesDirectly { self.peer.readBuffer.giveBack(buffer) }
    }

    private func read(_ buffer: ByteBuffer) {
        var bytes = buffer
        let limits = self.peer.limits.message
        do throws(MessageReader.Violation) {
            while self.phase != .over, let input = try self.reader.next(in: &bytes, limits: limits)
            {
                self.receive(input)
            }
            if let member, !self.peer.hold(self.reader.messageByteCount, of: member) {
                self.close(.tryAgainLater, reason: "too many large messages are on their way")
                self.finish()
            }
        } catch {
            self.close(error.code, reason: error.reason)
            self.finish()
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            if let member { self.peer.quiesce(member, self) }
            self.giveUp(inSeconds: self.peer.limits.stopSecondsMax)
        }
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
        return self.canTakeMore
    }

    /// The connection's channel, while it has one.
    var channel: (any Channel)? { self.context?.channel }

    /// The socket, if whole frames may be written to it at once and without this connection.
    var directSocket: NIOBSDSocket.Handle? {
        self.phase == .open && self.backlog == nil ? self.socket : nil
    }

    /// Notes that the socket took `count` bytes of `frames`, and keeps the others. Returns whether it can take more.
    func noteSent(_ count: Int, of frames: [UInt8]) -> Bool {
        self.keep(frames[count...])
        return self.canTakeMore
    }

    private var canTakeMore: Bool {
        guard let backlog else { return true }
        // Once told, the peer waits to hear of it; so this does not become false here.
        if backlog.byteCount > self.peer.limits.socketByteCountMax { self.isFull = true }
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
        self.giveUp(inSeconds: self.peer.limits.closeSecondsMax)
    }

    // MARK: - Private

    private func receive(_ input: MessageReader.Input) {
        if case .close(let answer) = input {
            if self.phase == .open {
                self.phase = .closing
                self.write(.close, answer)
                self.leave()
                self.giveUp(inSeconds: self.peer.limits.closeSecondsMax)
            }
            self.finish()
            return
        }
        // Whatever was on its way when we closed comes too late.
        guard let member, self.phase == .open, self.isWithinRates(input) else { return }
        switch input {
        case .text(let message): self.peer.receive(text: message, from: member, self)
        case .binary(let message): self.peer.receive(binary: message, from: member, self)
        case .ping(let payload):
            // Who pings on and reads nothing gets one answer later, to the last ping (RFC 6455 section 5.5.3).
            if let backlog { backlog.ping = payload } else { self.write(.pong, payload) }
        case .pong, .close: break
        }
    }

    /// Whether the client keeps to its rates; if not it is closed.
    private func isWithinRates(_ input: MessageReader.Input) -> Bool {
        let limits = self.peer.limits
        switch input {
        case .text, .binary:
            guard let rate = limits.messages,
                !self.messages.take(1, of: rate, at: .now())
            else { return true }
            self.close(
                .unread, reason: "more messages than a session may send: wait, and send fewer")
            self.peer.noteExcess("too-many-messages")
        case .ping:
            guard !self.pings.take(1, of: limits.pings, at: .now()) else { return true }
            self.close(.policyViolation, reason: "too many pings")
            self.peer.noteExcess("too-many-pings")
        case .pong, .close: return true
        }
        self.finish()
        return false
    }

    private func write(_ kind: ControlFrame, _ payload: [UInt8]) {
        self.write([kind.rawValue, UInt8(payload.count)] + payload)
    }

    private func write(_ bytes: [UInt8]) {
        guard self.context != nil else { return }
        if let backlog {
            backlog.append(bytes[...])
            return
        }
        let written = self.socket.map { SocketWrite.send(bytes, to: $0) } ?? 0
        if written < bytes.count { self.keep(bytes[written...]) }
    }

    /// Keeps what the socket did not take, and before which nothing waits.
    private func keep(_ bytes: ArraySlice<UInt8>) {
        let backlog = Backlog()
        backlog.append(bytes)
        self.backlog = backlog
        self.writeNext(of: backlog)
    }

    /// Hands NIO the next piece of what waits.
    private func writeNext(of backlog: Backlog) {
        guard let context else { return }
        let piece = backlog.next(Self.pieceByteCountMax)
        let byteCount = piece.readableBytes
        let isWritten = context.eventLoop.makePromise(of: Void.self)
        isWritten.futureResult.assumeIsolated().whenSuccess { [weak self] in
            self?.noteWritten(byteCount)
        }
        // What is written at once asks for the next piece from within.
        let wasWriting = self.isWriting
        self.isWriting = true
        context.writeAndFlush(self.wrapOutboundOut(piece), promise: isWritten)
        self.isWriting = wasWriting
    }

    private func noteWritten(_ byteCount: Int) {
        guard let backlog else { return }
        backlog.noteWritten(byteCount)
        guard backlog.byteCount == 0 else { return self.writeNext(of: backlog) }
        self.backlog = nil
        if let ping = backlog.ping, self.phase == .open { self.write(.pong, ping) }
        guard self.backlog == nil else { return }
        if self.phase == .over { self.context?.close(mode: .output, promise: nil) }
        guard self.isFull, let member else { return }
        self.isFull = false
        self.peer.becomeWritable(member)
    }

    /// Ends the conversation: after what was sent the client reads an end.
    private func finish() {
        guard self.phase != .over else { return }
        self.phase = .over
        // What waits is written first; its last piece closes then.
        if self.backlog == nil { self.context?.close(mode: .output, promise: nil) }
    }

    /// Closes the socket in a while, if the client does not.
    private func giveUp(inSeconds seconds: Int) {
        guard let context else { return }
        let delay = TimeAmount.seconds(Int64(seconds))
        context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
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
