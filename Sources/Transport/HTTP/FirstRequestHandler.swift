import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import WireProtocol

/// Looks at a connection's first request. If it asks for a WebSocket that there is not, or not now, or not as RFC
/// 6455 says, it is made an ordinary request (RFC 9110 section 7.8 lets a server ignore `Upgrade`), so that it is
/// answered with a problem document instead of the end of the connection. What cannot be read is answered here.
///
/// Stands before the handler that upgrades, and leaves with the first head.
final class FirstRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let closeSecondsMax: Int
    private let refusals: RefusalCounters
    private let isTaken: (HTTPRequestHead) -> Bool
    private var isOver = false

    /// - Parameters:
    ///   - closeSecondsMax: seconds that a client has to take the answer to what cannot be read.
    ///   - isTaken: whether a request may become a WebSocket.
    init(
        closeSecondsMax: Int, refusals: RefusalCounters,
        isTaken: @escaping (HTTPRequestHead) -> Bool
    ) {
        self.closeSecondsMax = closeSecondsMax
        self.refusals = refusals
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

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let problem = Problem(unreadable: error) else {
            context.fireErrorCaught(error)
            return
        }
        // The decoder may complain once more when the connection ends.
        guard !self.isOver else { return }
        self.isOver = true
        self.refusals.count(problem.code)
        let head = HTTPResponseHead(
            HTTPResponse(status: .init(code: problem.status), headerFields: problem.lastFields))
        let body = ByteBuffer(bytes: problem.json)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        context.end(inSeconds: self.closeSecondsMax)
    }
}
