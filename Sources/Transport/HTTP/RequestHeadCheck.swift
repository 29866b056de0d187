import NIOCore
import NIOHTTP1

/// Refuses requests of which two servers could think differently where they end, or to whom they are, although the decoder
/// can read them (RFC 9112 sections 3.2 and 6.1). The connection ends with the answer: what follows may be anything.
///
/// Threads: only the channel's event loop.
final class RequestHeadCheck: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var isOver = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isOver else { return }
        if case .head(let head) = self.unwrapInboundIn(data), let fault = head.fault {
            self.isOver = true
            context.fireErrorCaught(fault)
            return
        }
        context.fireChannelRead(data)
    }
}

/// What is wrong with a request's head, for people.
struct RequestHeadFault: Error, CustomStringConvertible {
    let description: String
}

extension HTTPRequestHead {
    /// What is wrong with it; nil if nothing is.
    fileprivate var fault: RequestHeadFault? {
        if self.version == .http1_1, self.headers["Host"].count != 1 {
            return RequestHeadFault(description: "a request has one Host")
        }
        guard self.uri.utf8.first == UInt8(ascii: "/") || self.uri == "*" else {
            return RequestHeadFault(
                description: "a request's target is a path: this server is no proxy")
        }
        let codings = self.headers["Transfer-Encoding"]
        guard codings.isEmpty || (self.version == .http1_1 && codings == ["chunked"]) else {
            return RequestHeadFault(
                description: "chunked, of HTTP/1.1, is the only Transfer-Encoding here")
        }
        return nil
    }
}
