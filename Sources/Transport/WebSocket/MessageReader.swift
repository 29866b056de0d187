package import NIOCore
package import WireProtocol

/// Reads what a client sends over a WebSocket: frames (RFC 6455 section 5) as their bytes come, joined to whole
/// messages. Pure.
///
/// What a client must not send is refused at the first byte that shows it: a wrong header before its payload,
/// text that is not UTF-8 within its frame, a message that would be too large before it is buffered.
/// After a violation the reader must not be used again.
package struct MessageReader: Sendable {
    /// What a client has said.
    package enum Input: Equatable, Sendable {
        case text([UInt8])
        case binary([UInt8])
        case ping([UInt8])
        case pong
        /// The payload to answer with: the client's code, without its reason.
        case close([UInt8])
    }

    /// Why the connection must be closed.
    package struct Violation: Error, Equatable {
        package let code: CloseCode
        package let reason: String

        fileprivate static func protocolError(_ reason: String) -> Violation {
            Violation(code: .protocolError, reason: reason)
        }
    }

    /// What a message may be.
    package struct Limits: Sendable {
        /// Bytes in all its frames.
        package var byteCountMax: Int
        /// Frames: an endless message of empty ones would cost time and never a byte. Default 64.
        package var frameCountMax: Int

        package init(byteCountMax: Int, frameCountMax: Int = 64) {
            self.byteCountMax = byteCountMax
            self.frameCountMax = frameCountMax
        }
    }

    /// What the next byte of a frame belongs to; `left` bytes of it are missing.
    private enum Part {
        case opcode, length, payload
        case longLength(left: UInt8, atLeast: UInt64)
        case mask(left: UInt8)
    }

    private enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        var isControl: Bool { self.rawValue & 8 != 0 }
    }

    private var part = Part.opcode
    private var opcode = Opcode.text
    private var isFinal = false
    private var mask: UInt32 = 0
    /// The payload's bytes, and how many of them have come.
    private var length: UInt64 = 0
    private var received: UInt64 = 0
    /// The payload of a control frame, which may come between a message's frames.
    private var control: [UInt8] = []

    /// Text or binary, while a message is not all there.
    private var kind: Opcode?
    private var message: [UInt8] = []
    private var frameCount = 0
    private var utf8 = UTF8Check()

    package init() {}

    /// Bytes that have come of a message that is not all there.
    package var messageByteCount: Int { self.message.count }

    /// Takes bytes off `bytes` up to the end of the next message or control frame; nil if that is not all there,
    /// and then all bytes are taken.
    package mutating func next(
        in bytes: inout ByteBuffer, limits: Limits
    ) throws(Violation) -> Input? {
        while true {
            if case .payload = self.part {
                try self.takePayload(from: &bytes)
                guard self.received == self.length else { return nil }
                self.part = .opcode
                if let input = try self.endFrame() { return input }
            }
            guard let byte = bytes.readInteger(as: UInt8.self) else { return nil }
            try self.takeHeader(byte, limits)
        }
    }

    // MARK: - A frame's header

    private mutating func takeHeader(_ byte: UInt8, _ limits: Limits) throws(Violation) {
        switch self.part {
        case .opcode: try self.begin(byte, limits)
        case .length: try self.beginLength(byte, limits)
        case .longLength(let left, let atLeast):
            self.length = self.length << 8 | UInt64(byte)
            self.part = .longLength(left: left - 1, atLeast: atLeast)
            guard left == 1 else { return }
            guard self.length >= atLeast, self.length <= UInt64(Int64.max) else {
                throw .protocolError("a length is not written in the shortest form")
            }
            try self.endLength(limits)
        case .mask(let left):
            self.mask = self.mask << 8 | UInt32(byte)
            self.part = left == 1 ? .payload : .mask(left: left - 1)
        case .payload: preconditionFailure("a payload is not taken byte by byte")
        }
    }

    private mutating func begin(_ byte: UInt8, _ limits: Limits) throws(Violation) {
        guard byte & 0x70 == 0 else {
            throw .protocolError("reserved bits are set and no extension was agreed on")
        }
        guard let opcode = Opcode(rawValue: byte & 0x0F) else {
            throw .protocolError("unknown opcode")
        }
        self.opcode = opcode
        self.isFinal = byte & 0x80 != 0
        self.received = 0
        self.part = .length
        switch opcode {
        case .ping, .pong, .close:
            guard self.isFinal else { throw .protocolError("a control frame is fragmented") }
            return
        case .text, .binary:
            guard self.kind == nil else {
                throw .protocolError("a message began before the last one had ended")
            }
            self.kind = opcode
        case .continuation:
            guard self.kind != nil else {
                throw .protocolError("a fragment does not continue a message")
            }
        }
        self.frameCount += 1
        guard self.frameCount <= limits.frameCountMax else {
            throw Violation(
                code: .messageTooBig, reason: "a message has at most \(limits.frameCountMax) frames"
            )
        }
    }

    private mutating func beginLength(_ byte: UInt8, _ limits: Limits) throws(Violation) {
        guard byte & 0x80 != 0 else {
            throw .protocolError("frames from a client are masked")
        }
        let length = byte & 0x7F
        guard length < 126 || !self.opcode.isControl else {
            throw .protocolError("a control frame has at most 125 bytes")
        }
        self.length = 0
        switch length {
        case 126: self.part = .longLength(left: 2, atLeast: 126)
        case 127: self.part = .longLength(left: 8, atLeast: 65536)
        default:
            self.length = UInt64(length)
            try self.endLength(limits)
        }
    }

    /// Checks the announced length, before anything of the payload is buffered.
    private mutating func endLength(_ limits: Limits) throws(Violation) {
        self.part = .mask(left: 4)
        guard !self.opcode.isControl else { return }
        guard self.length <= UInt64(max(0, limits.byteCountMax - self.message.count)) else {
            throw Violation(
                code: .messageTooBig, reason: "a message has at most \(limits.byteCountMax) bytes")
        }
    }
    // MARK: - A frame's payload

    private mutating func takePayload(from bytes: inout ByteBuffer) throws(Violation) {
        let count = Int(min(self.length - self.received, UInt64(bytes.readableBytes)))
        guard count > 0 else { return }
        let key = Mask(self.mask, from: self.received)
        if self.opcode.isControl {
            key.unmask(count, of: &bytes, into: &self.control)
        } else {
            let start = self.message.count
            key.unmask(count, of: &bytes, into: &self.message)
            guard self.kind != .text || self.utf8.take(self.message[start...]) else {
                throw Self.notUTF8("a text message")
            }
        }
        self.received += UInt64(count)
    }

    /// What the frame that has just ended amounts to; nil if its message goes on.
    private mutating func endFrame() throws(Violation) -> Input? {
        switch self.opcode {
        case .ping: return .ping(Self.emptied(&self.control))
        case .pong:
            self.control = []
            return .pong
        case .close: return .close(try Self.answer(to: Self.emptied(&self.control)))
        case .text, .binary, .continuation: break
        }
        guard self.isFinal else { return nil }
        let isText = self.kind == .text
        guard !isText || self.utf8.isWhole else { throw Self.notUTF8("a text message") }
        self.kind = nil
        self.frameCount = 0
        let message = Self.emptied(&self.message)
        return isText ? .text(message) : .binary(message)
    }

    /// Checks the payload of a close frame and gives back what to answer: the code, without the reason.
    private static func answer(to payload: [UInt8]) throws(Violation) -> [UInt8] {
        if payload.isEmpty { return [] }
        guard payload.count > 1 else { throw .protocolError("half a close code") }
        switch UInt16(payload[0]) << 8 | UInt16(payload[1]) {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: throw .protocolError("a close code that must not be sent")
        }
        var check = UTF8Check()
        guard check.take(payload[2...]), check.isWhole else { throw self.notUTF8("the reason") }
        return Array(payload[..<2])
    }

    private static func notUTF8(_ what: String) -> Violation {
        Violation(code: .invalidText, reason: "\(what) is not UTF-8")
    }

    private static func emptied(_ bytes: inout [UInt8]) -> [UInt8] {
        let taken = bytes
        bytes = []
        return taken
    }
}

/// A frame's masking key, turned to some place of its payload.
private struct Mask {
    private let key: UInt32

    init(_ key: UInt32, from place: UInt64) {
        let turn = UInt32(place % 4) * 8
        self.key = turn == 0 ? key : key << turn | key >> (32 - turn)
    }

    /// Takes `count` bytes off `masked` and appends them, unmasked, to `target`.
    func unmask(_ count: Int, of masked: inout ByteBuffer, into target: inout [UInt8]) {
        let start = target.count
        target.append(contentsOf: masked.readableBytesView.prefix(count))
        masked.moveReaderIndex(forwardBy: count)
        // Eight bytes at a time, in which the key is twice.
        let word = UInt64(self.key.bigEndian) << 32 | UInt64(self.key.bigEndian)
        var span = target.mutableSpan
        var bytes = span.mutableBytes
        var place = start
        while place + 8 <= bytes.byteCount {
            let masked = bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
            bytes.storeBytes(of: masked ^ word, toByteOffset: place, as: UInt64.self)
            place += 8
        }
        var key = self.key
        while place < bytes.byteCount {
            key = key << 8 | key >> 24
            let masked = bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
            bytes.storeBytes(
                of: masked ^ UInt8(truncatingIfNeeded: key), toByteOffset: place, as: UInt8.self)
            place += 1
        }
    }
}
