import Logging
import NIOCore
import NIOWebSocket
import Replication
import Sessions
import WireProtocol

/// A producer's WebSocket after its handshake: frames on one side, a ``ProducerConnection`` on the other.
///
/// Threads: only the channel's event loop.
final class ProducerHandler: ChannelInboundHandler, ProducerSocket {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let hub: ProducerHub
    private let loopHub: EventLoopHub
    private var connection: ProducerConnection?
    private var context: ChannelHandlerContext?
    /// The encoder's place in the pipeline: what is written from there is not encoded once more.
    private var encoder: ChannelHandlerContext?
    private var clock: RepeatedTask?
    private var assembly = MessageAssembly()
    private var isClosing = false
    private var quietTicks = 0

    init(hub: ProducerHub, loopHub: EventLoopHub) {
        self.hub = hub
        self.loopHub = loopHub
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.encoder = try? context.pipeline.syncOperations.context(
            handlerType: WebSocketFrameEncoder.self)
        let connection = ProducerConnection(
            hub: self.hub, socket: self, on: context.eventLoop)
        self.connection = connection
        self.loopHub.add(connection)
        let interval = TimeAmount.seconds(Int64(self.hub.limits.tickSeconds))
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.clock = context.eventLoop.scheduleRepeatedTask(
            initialDelay: interval, delay: interval
        ) { _ in bound.value.tick() }
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
            let limit = self.hub.limits.producer.messageByteCountMax
            switch try self.assembly.add(frame, limit: limit) {
            case .text(let message): self.connection?.receive(text: message)
            case .binary: self.connection?.receiveBinary()
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

    func channelReadComplete(context: ChannelHandlerContext) {
        self.connection?.proceed()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.connection?.proceed()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { self.connection?.drain() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketError {
        case .invalidFrameLength: self.close(.messageTooBig, reason: "the message is too large")
        case .some: self.close(.protocolError, reason: "a frame breaks the WebSocket protocol")
        case nil: context.close(promise: nil)
        }
    }

    // MARK: - ProducerSocket

    var isWritable: Bool { self.context?.channel.isWritable == true }

    func send(_ frames: [UInt8]) {
        guard let encoder, !self.isClosing else { return }
        encoder.write(NIOAny(ByteBuffer(bytes: frames)), promise: nil)
        encoder.flush()
    }

    func close(_ code: CloseCode, reason: String) {
        guard let context, !self.isClosing else { return }
        var payload = context.channel.allocator.buffer(capacity: 2 + reason.utf8.count)
        payload.writeInteger(code.rawValue)
        payload.writeString(reason)
        self.isClosing = true
        self.write(.connectionClose, payload)
        self.leave()
        // Read on, for the client's answer.
        self.setReading(true)
        self.hub.logger.debug(
            "a producer's connection is closed",
            metadata: [
                "address": "\(context.remoteAddress?.description ?? "")",
                "code": "\(code.rawValue)",
                "reason": "\(reason)",
            ])
        // The client's answer closes the socket, or this does.
        let channel = context.channel
        let deadline = TimeAmount.seconds(Int64(self.hub.limits.closeSecondsMax))
        context.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
    }

    func setReading(_ isReading: Bool) {
        try? self.context?.channel.syncOptions?.setOption(.autoRead, value: isReading)
    }

    // MARK: - Private

    private func tick() {
        guard let connection, !connection.isQuietByForce else { return }
        self.quietTicks += 1
        if self.quietTicks >= self.hub.limits.quietTicksMax {
            self.close(.silent, reason: "no answer to pings")
        } else if self.quietTicks >= self.hub.limits.quietTicksBeforePing {
            self.write(.ping, ByteBuffer())
        }
    }

    private func answerClose(_ payload: ByteBuffer) {
        self.isClosing = true
        self.write(.connectionClose, payload)
        self.context?.close(promise: nil)
    }

    private func write(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) {
        guard let context else { return }
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: payload)
        context.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
    }

    private func leave() {
        guard let connection else { return }
        self.connection = nil
        self.clock?.cancel()
        self.clock = nil
        self.loopHub.remove(connection)
        connection.leave()
    }
}
