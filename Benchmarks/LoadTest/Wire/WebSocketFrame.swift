import NIOCore

/// Just enough of RFC 6455 for a client that receives millions of frames a second: headers are read where they
/// lie, and payloads are not copied. (A decoder that makes a value of each frame costs more than the kernel.)
struct WebSocketFrame: Equatable {
    /// What a frame is.
    enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    /// What the frame is; `nil` if RFC 6455 knows no such opcode.
    var opcode: Opcode?
    /// Whether no other frame continues its message.
    var isFinal: Bool
    /// Bytes of the header.
    var headerCount: Int
    /// Bytes of the payload.
    var payloadCount: Int

    /// Reads the header at `offset` of what is readable; `nil` if it is not all there.
    init?(in buffer: ByteBuffer, at offset: Int) {
        let start = buffer.readerIndex + offset
        guard
            let first = buffer.getInteger(at: start, as: UInt8.self),
            let second = buffer.getInteger(at: start + 1, as: UInt8.self)
        else { return nil }
        self.opcode = Opcode(rawValue: first & 15)
        self.isFinal = first & 0x80 != 0
        switch second & 0x7F {
        case 126:
            guard let count = buffer.getInteger(at: start + 2, as: UInt16.self) else { return nil }
            (self.headerCount, self.payloadCount) = (4, Int(count))
        case 127:
            guard let count = buffer.getInteger(at: start + 2, as: UInt64.self), count < 1 << 40
            else { return nil }
            (self.headerCount, self.payloadCount) = (10, Int(count))
        case let count:
            (self.headerCount, self.payloadCount) = (2, Int(count))
        }
        if second & 0x80 != 0 { self.headerCount += 4 }
    }

    /// Writes a client's frame: masked with a key of zeros, which leaves the payload as it is.
    static func write(_ opcode: Opcode, _ payload: ByteBuffer, to buffer: inout ByteBuffer) {
        buffer.writeInteger(0x80 | opcode.rawValue)
        let count = payload.readableBytes
        if count < 126 {
            buffer.writeInteger(0x80 | UInt8(count))
        } else if count < 1 << 16 {
            buffer.writeInteger(0x80 | 126 as UInt8)
            buffer.writeInteger(UInt16(count))
        } else {
            buffer.writeInteger(0x80 | 127 as UInt8)
            buffer.writeInteger(UInt64(count))
        }
        buffer.writeInteger(0 as UInt32)
        buffer.writeImmutableBuffer(payload)
    }

    /// Writes a client's frame with a short text.
    static func write(_ opcode: Opcode, _ text: String, to buffer: inout ByteBuffer) {
        Self.write(opcode, ByteBuffer(string: text), to: &buffer)
    }

    /// Writes the request that makes a connection a WebSocket.
    static func writeHandshake(path: String, subprotocol: String?, to buffer: inout ByteBuffer) {
        buffer.writeString(
            "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9hZCBvZiBsaXZlbG9nIQ==\r\n")
        if let subprotocol { buffer.writeString("Sec-WebSocket-Protocol: \(subprotocol)\r\n") }
        buffer.writeString("\r\n")
    }
}
