import NIOCore
import NIOWebSocket
import Replication
import Sessions
import WireProtocol

/// A WebSocket after its handshake: whole messages go to the session, the session's bytes to the socket.
///
/// Frames come from NIOWebSocket's decoder, which leaves some of RFC 6455 to us: that clients mask their
/// frames, that reserved bits and opcodes are not used, that text is UTF-8. Frames to the client are written
/// by the session into one buffer and pass by NIOWebSocket's encoder.
///
/// Threads: only the channel's event loop.
final class WebSocketHandler: ChannelInboundHandler, SessionConnection {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let hub: EventLoopHub
    private var session: Session?
    private var id: Dispatcher.SessionID?
    private var context: ChannelHandlerContext?
    /// The encoder's place in the pipeline: what is written from there is not encoded once more.
    private var encoder: ChannelHandlerContext?
    private var assembly = MessageAssembly()
    private var quietTicks = 0
    private var isClosing = false

    init(hub: EventLoopHub, session: Session) {
        self.hub = hub
        self.session = session
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.encoder = try? context.pipeline.syncOperations.context(
            handlerType: WebSocketFrameEncoder.self)
        if let session {
            self.id = self.hub.dispatcher.open(session, connection: self)
            self.session = nil
            self.hub.add(self)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.leave()
        self.context = nil
        self.encoder = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = self.unwrapInboundIn(data)
        self.quietTicks = 0
        guard !self.isClosing else {
            // The answer to our close ends the connection; whatever else was on its way comes too late.
            if frame.opcode == .connectionClose { context.close(promise: nil) }
            return
        }
        do throws(MessageAssembly.Violation) {
            switch try self.assembly.add(frame, limit: self.hub.limits.session.messageByteCountMax)
            {
            case .text(let message): self.receive(message)
            case .binary:
                if let id { self.hub.dispatcher.receiveBinary(from: id) }
            case .ping(let payload):
                // Who pings on and reads nothing gets no answers that would have to wait here.
                if context.channel.isWritable { self.write(.pong, payload) }
            case .close(let payload): self.answerClose(payload)
            case .nothing: break
            }
        } catch {
            self.close(error.code, reason: error.reason)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let id, self.hub.dispatcher.becomeWritable(id) {
            self.hub.scheduleTurn()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The server stops: what was sent is flushed, the client reconnects and resumes.
        if event is ChannelShouldQuiesceEvent {
            self.close(.goingAway, reason: "the server stops")
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketError {
        case .invalidFrameLength: self.close(.messageTooBig, reason: "the message is too large")
        case .some: self.close(.protocolError, reason: "a frame breaks the WebSocket protocol")
        case nil: context.close(promise: nil)
        }
    }

    /// Called every few seconds.
    func tick() {
        self.quietTicks += 1
        if self.quietTicks >= self.hub.limits.quietTicksMax {
            self.close(.silent, reason: "no answer to pings")
        } else if self.quietTicks >= self.hub.limits.quietTicksBeforePing {
            self.write(.ping, ByteBuffer())
        }
    }

    // MARK: - SessionConnection

    func send(_ bytes: OutboundBytes) -> Bool {
        guard let encoder, !self.isClosing else { return true }
        encoder.write(NIOAny(self.hub.buffer(of: bytes)), promise: nil)
        encoder.flush()
        return encoder.channel.isWritable
    }

    func close(_ code: CloseCode, reason: String) {
        guard let context, !self.isClosing else { return }
        var payload = context.channel.allocator.buffer(capacity: 2 + reason.utf8.count)
        payload.writeInteger(code.rawValue)
        payload.writeString(reason)
        self.isClosing = true
        self.write(.connectionClose, payload)
        self.leave()
        // The client's answer closes the socket, or this does.
        let channel = context.channel
        let deadline = TimeAmount.seconds(Int64(self.hub.limits.closeSecondsMax))
        context.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
    }

    // MARK: - Private

    private func receive(_ message: [UInt8]) {
        guard let id else { return }
        if self.hub.dispatcher.receive(message, from: id) { self.hub.scheduleTurn() }
    }

    private func answerClose(_ payload: ByteBuffer) {
        if !self.isClosing {
            self.isClosing = true
            self.write(.connectionClose, payload)
        }
        self.context?.close(promise: nil)
    }

    private func write(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) {
        guard let context else { return }
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: payload)
        context.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
    }

    private func leave() {
        guard let id else { return }
        self.id = nil
        self.hub.dispatcher.close(id)
        self.hub.remove(self)
    }
}
