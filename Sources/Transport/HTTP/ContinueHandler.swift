import NIOCore
import NIOHTTP1

/// Answers `Expect: 100-continue` (RFC 9110 section 10.1.1), so that clients such as curl do not hesitate a
/// second before they send a large body. Whether it is too large is decided when it is read.
final class ContinueHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = self.unwrapInboundIn(data),
            head.headers[canonicalForm: "Expect"].contains("100-continue")
        {
            let answer = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(self.wrapOutboundOut(.head(answer)), promise: nil)
        }
        context.fireChannelRead(data)
    }
}
