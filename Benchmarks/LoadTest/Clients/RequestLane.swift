import NIOCore
import NIOHTTP1
import NIOPosix

/// A connection of HTTP/1.1 that posts one batch at a time, an event a line.
final class RequestLane: PublisherLane, ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    let separator: StaticString = "\n"
    private let load: Load
    private let path: String
    private let contentType: String
    private var channel: (any Channel)?
    private var unanswered: (count: Int, acknowledged: (UInt64) -> Void)?
    private var status: HTTPResponseStatus?
    private var answer = ByteBuffer()
    private var isClosing = false

    private init(load: Load, path: String, contentType: String) {
        self.load = load
        self.path = path
        self.contentType = contentType
    }

    /// Connects.
    static func open(load: Load, port: Int, path: String, contentType: String) async throws
        -> RequestLane
    {
        let lane = NIOLoopBound(
            RequestLane(load: load, path: path, contentType: contentType), eventLoop: load.eventLoop
        )
        lane.value.channel = try await load.bootstrap(isSmall: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(lane.value)
                }
            }
            .connect(host: load.host, port: port).get()
        return lane.value
    }

    var canTake: Bool { self.unanswered == nil && self.channel != nil }
    var unansweredCount: Int { self.unanswered == nil ? 0 : 1 }

    func begin(byteCount: Int) -> ByteBuffer {
        var batch = ByteBuffer()
        batch.reserveCapacity(byteCount)
        return batch
    }

    func send(
        _ batch: ByteBuffer, count: Int, from time: UInt64, acknowledged: @escaping (UInt64) -> Void
    ) {
        guard let channel else { return }
        let head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: self.path,
            headers: [
                "Host": "127.0.0.1", "Content-Type": self.contentType,
                "Content-Length": "\(batch.readableBytes)",
            ])
        self.unanswered = (count, acknowledged)
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(batch)), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }

    func close() {
        self.isClosing = true
        self.channel?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head): self.status = head.status
        case .body(var body): self.answer.writeBuffer(&body)
        case .end:
            defer { self.answer.clear() }
            // A receipt for fewer would be a loss; other servers than Livelog send none.
            guard let status, (200..<300).contains(status.code), let batch = self.unanswered,
                self.answer.readableBytes == 0
                    || self.answer.readableBytesView.contains(#""count":\#(batch.count),"#)
            else {
                return self.load.fail(
                    LoadError(
                        .refused,
                        "events were refused with \(self.status?.code ?? 0): \(String(buffer: self.answer).prefix(500))"
                    ))
            }
            self.unanswered = nil
            batch.acknowledged(NIODeadline.now().uptimeNanoseconds)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard !self.isClosing else { return }
        self.load.fail(LoadError(.closed, "the server closed the publisher's connection"))
    }
}
