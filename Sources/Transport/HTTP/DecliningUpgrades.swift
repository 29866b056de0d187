import NIOCore
import NIOHTTP1

/// Looks at a connection's first request: if it asks for a WebSocket that there is not, or not now, it is made an
/// ordinary request (RFC 9110 section 7.8 lets a server ignore `Upgrade`), so that it is answered with a
/// problem document instead of the end of the connection.
///
/// Stands before the handler that upgrades, and leaves with the first head.
final class DecliningUpgrades: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let isTaken: (HTTPRequestHead) -> Bool

    /// - Parameter isTaken: whether a request may become a WebSocket.
    init(isTaken: @escaping (HTTPRequestHead) -> Bool) {
        self.isTaken = isTaken
    }

    /// Puts the handler behind the decoder of a new connection.
    func add(to channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(self, position: .after(decoder))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = self.unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        if head.headers.contains(name: "Upgrade"), !self.isTaken(head) {
            head.headers.remove(name: "Upgrade")
            head.headers.remove(name: "Connection")
        }
        context.fireChannelRead(self.wrapInboundOut(.head(head)))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
