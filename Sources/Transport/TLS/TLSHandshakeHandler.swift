import NIOCore
import NIOSSL
import NIOTLS

/// Waits behind what encrypts a connection until both sides have agreed on how, and then is gone. Who does not agree in
/// time, or speaks something else, is closed and counted.
///
/// Threads: only the channel's event loop.
final class TLSHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let secondsMax: Int
    private let noteFailure: @Sendable () -> Void
    private var deadline: Scheduled<Void>?
    private var isOver = false

    /// - Parameters:
    ///   - secondsMax: seconds from the connection to the end of the handshake.
    ///   - noteFailure: is told of a handshake that came to nothing, once.
    init(secondsMax: Int, noteFailure: @escaping @Sendable () -> Void) {
        self.secondsMax = secondsMax
        self.noteFailure = noteFailure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.deadline = context.eventLoop.scheduleTask(in: .seconds(Int64(self.secondsMax))) {
            let (handler, context) = bound.value
            handler.fail(context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        self.isOver = true
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if case TLSUserEvent.handshakeCompleted(_) = event {
            self.isOver = true
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(context)
    }

    private func fail(_ context: ChannelHandlerContext) {
        guard !self.isOver else { return }
        self.isOver = true
        self.noteFailure()
        context.close(promise: nil)
    }
}
