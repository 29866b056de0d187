import NIOCore
import NIOPosix

/// The answer to a request that was written byte by byte.
struct RawReply: Sendable {
    var status = 0
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body = ""
}

/// The bytes of a request, so that a test can also write what no HTTP library would send.
struct RawRequest: Sendable {
    /// The head without its empty line; `Content-Length` is part of it.
    var head: String
    var body: ByteBuffer
    /// How often the body's bytes are written, for bodies too large to hold.
    var repeats = 1
    /// Whether the writing side is shut down after the last byte.
    var shutsDown = false

    /// A POST of changes.
    static func publish(
        _ body: some Sequence<UInt8>, contentType: String = "application/x-ndjson"
    ) -> RawRequest {
        let body = ByteBuffer(bytes: body)
        return RawRequest(
            head: publishHead(contentType: contentType, length: body.readableBytes), body: body)
    }

    static func get(_ path: String) -> RawRequest {
        RawRequest(head: "GET \(path) HTTP/1.1\r\nHost: livelog\r\n", body: ByteBuffer())
    }

    /// A handshake for a WebSocket without a subprotocol.
    static func handshake(_ path: String) -> RawRequest {
        let head = """
            GET \(path) HTTP/1.1\r
            Host: livelog\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r

            """
        return RawRequest(head: head, body: ByteBuffer())
    }

    static func publishHead(contentType: String, length: Int) -> String {
        """
        POST /v1/changes HTTP/1.1\r
        Host: livelog\r
        Content-Type: \(contentType)\r
        Content-Length: \(length)\r

        """
    }
}

extension LivelogServer {
    /// Sends one request on a connection of its own and reads the answer while still writing.
    func exchange(_ request: RawRequest) async throws -> RawReply {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await write(request, to: outbound) }
                let reply = try await RawReply.read(from: inbound)
                // A server that has answered need not take the rest of the body.
                group.cancelAll()
                return reply
            }
        }
    }
}

/// Writes until done or until the server stops taking it; what it answers tells which.
private func write(
    _ request: RawRequest, to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
) async {
    do {
        try await outbound.write(ByteBuffer(string: request.head + "\r\n"))
        for _ in 0..<request.repeats {
            try await outbound.write(request.body)
        }
        if request.shutsDown { outbound.finish() }
    } catch {}
}

extension RawReply {
    /// Reads one answer whose body has a `Content-Length`.
    fileprivate static func read(from inbound: NIOAsyncChannelInboundStream<ByteBuffer>)
        async throws -> RawReply
    {
        var bytes = ByteBuffer()
        do {
            for try await piece in inbound {
                bytes.writeImmutableBuffer(piece)
                if let reply = RawReply(String(buffer: bytes)) { return reply }
            }
        } catch {
            throw Failure("the connection broke with \(error) after: \(String(buffer: bytes))")
        }
        throw Failure("the connection was closed after: \(String(buffer: bytes))")
    }

    /// `nil` while something is missing.
    private init?(_ bytes: String) {
        guard let headEnd = bytes.firstRange(of: "\r\n\r\n") else { return nil }
        var lines = bytes[..<headEnd.lowerBound].split(separator: "\r\n")
        guard let statusLine = lines.isEmpty ? nil : lines.removeFirst(),
            let status = statusLine.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        self.status = status
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let name = parts.first, let value = parts.last, parts.count == 2 else { continue }
            headers[name.lowercased()] = String(value.drop { $0 == " " })
        }
        body = String(bytes[headEnd.upperBound...])
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard body.utf8.count >= length else { return nil }
    }
}
