import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The answer to a WebSocket's handshake. Its fields are made by NIOWebSocket (RFC 6455 section 4.2.2).
enum HandshakeAnswer {
    /// Calls `body` with the answer to `head`, or with why there is none, at once.
    ///
    /// - Parameter fields: what is agreed to, besides what is in every answer.
    static func make(
        to head: HTTPRequestHead, with fields: HTTPHeaders, on channel: any Channel,
        _ body: @escaping (Result<ByteBuffer, any Error>) -> Void
    ) {
        let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(fields) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        upgrader.buildUpgradeResponse(
            channel: channel, upgradeRequest: head, initialResponseHeaders: HTTPHeaders()
        ).assumeIsolated().whenComplete { result in
            body(result.map { Self.bytes($0, channel.allocator) })
        }
    }

    private static func bytes(
        _ fields: HTTPHeaders, _ allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        var bytes = allocator.buffer(capacity: 192)
        bytes.writeStaticString("HTTP/1.1 101 Switching Protocols\r\n")
        for (name, value) in fields {
            bytes.writeString(name)
            bytes.writeStaticString(": ")
            bytes.writeString(value)
            bytes.writeStaticString("\r\n")
        }
        bytes.writeStaticString("\r\n")
        return bytes
    }
}
