import NIOCore
import NIOWebSocket
import WireProtocol

/// Checks frames of a client against RFC 6455 and joins the fragments of a message. Pure.
struct MessageAssembly {
    /// What a frame amounts to.
    enum Step {
        case text([UInt8])
        case binary
        case ping(ByteBuffer)
        /// The payload to answer with.
        case close(ByteBuffer)
        /// A fragment, or a pong.
        case nothing
    }

    /// Why the connection must be closed.
    struct Violation: Error {
        let code: CloseCode
        let reason: String

        static func protocolError(_ reason: String) -> Violation {
            Violation(code: .protocolError, reason: reason)
        }
    }

    private var kind: WebSocketOpcode?
    private var collected: [UInt8] = []

    /// Takes the next frame.
    ///
    /// - Parameter limit: bytes that a message may have in all its fragments.
    mutating func add(_ frame: WebSocketFrame, limit: Int) throws(Violation) -> Step {
        guard frame.maskKey != nil else {
            throw .protocolError("frames from a client are masked")
        }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            throw .protocolError("reserved bits are set and no extension was agreed on")
        }
        switch frame.opcode {
        case .ping: return .ping(frame.unmaskedData)
        case .pong: return .nothing
        case .connectionClose: return .close(try Self.answer(to: frame.unmaskedData))
        case .text, .binary:
            guard self.kind == nil else {
                throw .protocolError("a message began before the last one had ended")
            }
            self.kind = frame.opcode
        case .continuation:
            guard self.kind != nil else {
                throw .protocolError("a fragment does not continue a message")
            }
        default: throw .protocolError("unknown opcode")
        }
        let data = frame.unmaskedData
        guard self.collected.count + data.readableBytes <= limit else {
            throw Violation(code: .messageTooBig, reason: "a message has at most \(limit) bytes")
        }
        self.collected.append(contentsOf: data.readableBytesView)
        guard frame.fin else { return .nothing }
        let message = self.collected
        let isText = self.kind == .text
        self.collected = []
        self.kind = nil
        guard isText else { return .binary }
        guard Self.isUTF8(message) else {
            throw Violation(code: .invalidText, reason: "a text message is not UTF-8")
        }
        return .text(message)
    }

    /// Checks the payload of a close frame and gives back what to answer: the code, without the reason.
    private static func answer(to payload: ByteBuffer) throws(Violation) -> ByteBuffer {
        var rest = payload
        if rest.readableBytes == 0 { return ByteBuffer() }
        guard let code = rest.readInteger(as: UInt16.self), self.isCloseCode(code) else {
            throw .protocolError("invalid close code")
        }
        guard self.isUTF8(Array(rest.readableBytesView)) else {
            throw Violation(code: .invalidText, reason: "the reason is not UTF-8")
        }
        return ByteBuffer(integer: code)
    }

    /// The codes that may be sent (RFC 6455 section 7.4).
    private static func isCloseCode(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil
    }
}
