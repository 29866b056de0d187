package import NIOCore

/// Closes a connection on which nothing was heard for too long, although the client listened.
///
/// It stands next to the socket, so it also watches over the TLS and WebSocket handshakes. Time in which
/// nobody asked for bytes does not count: a reader that is slow is not a connection that is dead.
package final class SilenceDetector: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private let limit: TimeAmount
    /// Since when bytes have been asked for in vain; nil if they came or nobody asked.
    private var listeningSince: NIODeadline?
    private var check: Scheduled<Void>?

    /// Creates a detector for silences longer than `limit`.
    package init(limit: TimeAmount) {
        self.limit = limit
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.schedule(in: self.limit, context: context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        self.schedule(in: self.limit, context: context)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.check?.cancel()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.check?.cancel()
    }

    package func read(context: ChannelHandlerContext) {
        if self.listeningSince == nil { self.listeningSince = context.eventLoop.now }
        context.read()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.listeningSince = nil
        context.fireChannelRead(data)
    }

    private func schedule(in delay: TimeAmount, context: ChannelHandlerContext) {
        self.check?.cancel()
        self.check = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            self.checkSilence(context: context)
        }
    }

    private func checkSilence(context: ChannelHandlerContext) {
        let now = context.eventLoop.now
        let silence = now - (self.listeningSince ?? now)
        guard silence >= self.limit else {
            self.schedule(in: self.limit - silence, context: context)
            return
        }
        let seconds = self.limit.nanoseconds / 1_000_000_000
        context.fireErrorCaught(
            ClientError(.unreachable, "nothing was heard from the server for \(seconds) s"))
        context.close(promise: nil)
    }
}
