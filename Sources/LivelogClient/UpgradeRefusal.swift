import NIOCore
import NIOHTTP1

/// Reads the answer of a server that did not turn the connection into a WebSocket.
final class UpgradeRefusal: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = Never

    /// The most of an answer's body that is looked at.
    private static let mostBytes = 64 << 10

    private let promise: EventLoopPromise<ClientError>
    private var status = 0
    private var body: [UInt8] = []

    /// Creates a handler that keeps `promise` with what the answer means.
    init(promise: EventLoopPromise<ClientError>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            self.status = Int(head.status.code)
        case .body(let part):
            if self.body.count < Self.mostBytes { self.body += part.readableBytesView }
        case .end:
            self.answer(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.answer(context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.promise.succeed(ClientError(transport: error))
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        self.promise.succeed(ClientError(upgradeStatus: self.status, body: self.body))
        context.close(promise: nil)
    }
}

extension ClientError {
    /// The error for a server that answers the request for a WebSocket with an HTTP status.
    package init(upgradeStatus status: Int, body: [UInt8]) {
        guard status != 0 else {
            self.init(.unreachable, "the connection was closed")
            return
        }
        let problem = Problem(status: status, body: body)
        let isTemporary = [408, 429, 500, 502, 503, 504].contains(status)
        self.init(
            isTemporary ? .unavailable : .refused,
            "the server opens no WebSocket: \(problem.detail)", problem: problem)
    }
}
