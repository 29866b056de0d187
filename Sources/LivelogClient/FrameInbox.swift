package import NIOCore
package import NIOWebSocket

/// The end of a WebSocket's pipeline: answers pings and hands messages to a task, no faster than it takes
/// them.
///
/// When the task has two messages waiting, the socket is no longer read, until it has taken one. What is
/// then held is at most those, the rest of what was read at once, and one message that is incomplete.
package final class FrameInbox: ChannelDuplexHandler {
    package typealias InboundIn = WebSocketFrame
    package typealias InboundOut = Never
    package typealias OutboundIn = WebSocketFrame
    package typealias OutboundOut = WebSocketFrame
    package typealias Messages = NIOThrowingAsyncSequenceProducer<
        ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark,
        Demand
    >

    /// Carries the task's demand to the socket's event loop.
    package struct Demand: NIOAsyncSequenceProducerDelegate {
        fileprivate let channel: any Channel
        fileprivate let inbox: NIOLoopBound<FrameInbox>

        package func produceMore() {
            self.channel.eventLoop.execute { self.inbox.value.resume(self.channel) }
        }

        package func didTerminate() {
            let farewell = WebSocketFrame(
                fin: true, opcode: .connectionClose, maskKey: .random(),
                data: ByteBuffer(integer: UInt16(1000)))
            self.channel.writeAndFlush(farewell, promise: nil)
            self.channel.close(promise: nil)
        }
    }

    /// How often a client that does not read says that it is alive: well within a server's patience.
    package static let lifeSignInterval = TimeAmount.seconds(15)

    private var source: Messages.Source?
    private var isPaused = false
    private var readWasHeldBack = false
    private var lifeSign: Scheduled<Void>?

    private init() {}

    /// Adds an inbox to the pipeline and returns the messages that will arrive in it. Dropping them, or
    /// cancelling the task that waits for one, closes the connection.
    ///
    /// Threads: on the channel's event loop only.
    package static func add(to channel: any Channel) throws -> Messages {
        let inbox = FrameInbox()
        let messages = Messages.makeSequence(
            backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2),
            finishOnDeinit: true,
            delegate: Demand(
                channel: channel, inbox: NIOLoopBound(inbox, eventLoop: channel.eventLoop)))
        inbox.source = messages.source
        try channel.pipeline.syncOperations.addHandler(inbox)
        return messages.sequence
    }

    package func read(context: ChannelHandlerContext) {
        if self.isPaused {
            self.readWasHeldBack = true
        } else {
            context.read()
        }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        switch frame.opcode {
        case .text:
            if self.source?.yield(frame.unmaskedData) == .stopProducing { self.pause(context) }
        case .ping:
            self.write(.pong, frame.unmaskedData, context: context)
        case .connectionClose:
            var content = frame.unmaskedData
            self.write(.connectionClose, content, context: context)
            let code = content.readInteger(as: UInt16.self)
            let reason = content.readString(length: content.readableBytes) ?? ""
            self.finish(ClientError(closeCode: code, reason: reason))
            context.close(promise: nil)
        case .binary:
            self.finish(.violation("it sent a binary message"))
            context.close(promise: nil)
        default:
            break
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.lifeSign?.cancel()
        self.finish(ClientError(.unreachable, "the connection was closed"))
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength,
            NIOWebSocketFrameAggregator.Error.accumulatedFrameSizeIsTooLarge:
            self.finish(.violation("a message is too long"))
            self.write(.connectionClose, ByteBuffer(integer: UInt16(1009)), context: context)
        case is NIOWebSocketError, is NIOWebSocketFrameAggregator.Error:
            self.finish(.violation("a frame is not valid: \(error)"))
            self.write(.connectionClose, ByteBuffer(integer: UInt16(1002)), context: context)
        default:
            self.finish(ClientError(transport: error))
        }
        context.close(promise: nil)
    }

    /// Stops reading. As pings are not read either, the server gets pongs that it did not ask for: it
    /// must not take a slow reader for a dead one.
    private func pause(_ context: ChannelHandlerContext) {
        guard !self.isPaused else { return }
        self.isPaused = true
        self.scheduleLifeSign(context)
    }

    private func scheduleLifeSign(_ context: ChannelHandlerContext) {
        let loop = context.eventLoop.assumeIsolated()
        self.lifeSign = loop.scheduleTask(in: Self.lifeSignInterval) {
            self.write(.pong, ByteBuffer(), context: context)
            self.scheduleLifeSign(context)
        }
    }

    private func resume(_ channel: any Channel) {
        self.isPaused = false
        self.lifeSign?.cancel()
        guard self.readWasHeldBack else { return }
        self.readWasHeldBack = false
        channel.read()
    }

    private func finish(_ error: ClientError) {
        self.source?.finish(error)
        self.source = nil
    }

    private func write(
        _ opcode: WebSocketOpcode, _ content: ByteBuffer, context: ChannelHandlerContext
    ) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: content)
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }
}

extension ClientError {
    /// The error for a server that closed the WebSocket with `code`.
    ///
    /// The code's range says what to do, so that a code need not be known: 1002, 1003, 1007 to 1010 and 4500 to
    /// 4999 blame the client, and what it sent would be as wrong again. All others ask it to come back.
    package init(closeCode code: UInt16?, reason: String) {
        let words = reason.isEmpty ? "" : ": \(reason)"
        guard let code else {
            self.init(.unavailable, "the server closed the connection with no code\(words)")
            return
        }
        let message = "the server closed the connection with code \(code)\(words)"
        switch code {
        case 1001: self.init(.unavailable, "the server is going away\(words)")
        case 1002, 1003, 1007...1010, 4500...4999: self.init(.refused, message)
        default: self.init(.unavailable, message)
        }
    }

    /// The error for a failure of the connection itself.
    package init(transport error: any Error) {
        switch error {
        case let error as ClientError:
            self = error
        case is CancellationError:
            self.init(.cancelled, "cancelled")
        default:
            self.init(.unreachable, Self.describe(error))
        }
    }
}
