import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on a loopback port that answers each request with the next of its answers.
enum ScriptedHTTPServer {
    /// What to do about a request.
    enum Answer {
        /// Answer it.
        case status(Int, headers: HTTPHeaders = [:], body: String)
        /// Close the connection without a word.
        case drop
    }

    /// A request as it came.
    struct Request: Hashable {
        let target: String
        let headers: [String: String]
        let body: String
    }

    /// Runs `body` with the URL of a server, and adds what it is asked to `requests`.
    static func run<Result: Sendable>(
        _ answers: [Answer], requests: Recorder<Request> = Recorder(),
        body: @Sendable (String) async throws -> Result
    ) async throws -> Result {
        let answers = Mutex(answers[...])
        let next: @Sendable () -> Answer = { answers.withLock { $0.popFirst() } ?? .drop }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Responder(requests: requests, next: next))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        do {
            let result = try await body("http://127.0.0.1:\(port)")
            try await channel.close()
            return result
        } catch {
            try await channel.close()
            throw error
        }
    }

    private final class Responder: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let requests: Recorder<Request>
        private let next: @Sendable () -> Answer
        private var head: HTTPRequestHead?
        private var body = ByteBuffer()

        init(requests: Recorder<Request>, next: @escaping @Sendable () -> Answer) {
            self.requests = requests
            self.next = next
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch Self.unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body(var part): self.body.writeBuffer(&part)
            case .end: self.answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            guard let head = self.head else { return }
            let headers = head.headers.map { ($0.name.lowercased(), $0.value) }
            self.requests.add(
                Request(
                    target: "\(head.method.rawValue) \(head.uri)",
                    headers: Dictionary(headers) { first, _ in first },
                    body: String(buffer: self.body)))
            self.body.clear()
            guard case .status(let status, var headers, let text) = self.next() else {
                context.close(promise: nil)
                return
            }
            headers.add(name: "Content-Length", value: String(text.utf8.count))
            let answer = HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
            context.write(Self.wrapOutboundOut(.head(answer)), promise: nil)
            context.write(
                Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
