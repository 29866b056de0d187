import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP server within a test.
final class TestServer: Sendable {
    struct Request: Sendable {
        let method: HTTPMethod
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    struct Answer: Sendable {
        var status = 200
        var body = ""
        var location: String?
    }

    private struct State {
        var requests: [Request] = []
        var answer: @Sendable (Request) -> Answer?
    }

    private let state: Mutex<State>
    private let channel = Mutex<(any Channel)?>(nil)

    private init(_ answer: @escaping @Sendable (Request) -> Answer?) {
        self.state = Mutex(State(answer: answer))
    }

    /// Runs `body` with a server that answers so; without an answer the client waits for ever.
    static func run(
        _ answer: @escaping @Sendable (Request) -> Answer?,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let server = TestServer(answer)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(RequestHandler(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.channel.withLock { $0 = channel }
        do {
            try await body(server)
        } catch {
            try? await channel.close()
            throw error
        }
        try await channel.close()
    }

    /// Where it is.
    var url: String {
        "http://127.0.0.1:\(self.channel.withLock { $0?.localAddress?.port } ?? 0)/whoami"
    }

    /// What it was asked until now.
    var requests: [Request] { self.state.withLock { $0.requests } }

    /// Answers in another way from now on.
    func answer(_ answer: @escaping @Sendable (Request) -> Answer?) {
        self.state.withLock { $0.answer = answer }
    }

    fileprivate func take(_ request: Request) -> Answer? {
        let answer = self.state.withLock { state in
            state.requests.append(request)
            return state.answer
        }
        return answer(request)
    }
}

private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: TestServer
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ server: TestServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.body = []
        case .body(let part):
            self.body.append(contentsOf: part.readableBytesView)
        case .end:
            guard let head,
                let answer = self.server.take(
                    .init(method: head.method, headers: head.headers, body: self.body))
            else { return }
            var headers: HTTPHeaders = ["Content-Length": "\(answer.body.utf8.count)"]
            if let location = answer.location { headers.add(name: "Location", value: location) }
            let response = HTTPResponseHead(
                version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
            context.write(self.wrapOutboundOut(.head(response)), promise: nil)
            let bytes = ByteBuffer(string: answer.body)
            context.write(self.wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
            context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
