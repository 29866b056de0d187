import NIOCore
import Testing
import Transport
import WireProtocol

/// What RFC 6455 lets a client send, and everything else, whatever the pieces it comes in.
@Suite struct MessageReaderTests {
    private static let limits = MessageReader.Limits(byteCountMax: 1000, frameCountMax: 4)

    @Test(arguments: [0, 1, 125, 126, 127, 1000])
    func aMessageOfAnyLengthIsRead(_ count: Int) throws {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for pieces in [1, 2, 3, 7, 5000] {
            #expect(try read(frame(0x82, payload), pieces) == [.binary(payload)])
        }
    }

    @Test(arguments: 1...9)
    func controlFramesComeBetweenFragments(_ pieces: Int) throws {
        let bytes =
            frame(0x01, Array("zwölf ".utf8.prefix(3))) + frame(0x89, [1, 2])
            + frame(0x00, Array("zwölf ".utf8.dropFirst(3))) + frame(0x8A, [])
            + frame(0x80, Array("Boxkämpfer".utf8)) + frame(0x81, [])
        #expect(
            try read(bytes, pieces) == [
                .ping([1, 2]), .pong, .text(Array("zwölf Boxkämpfer".utf8)), .text([]),
            ])
    }

    @Test func aCloseIsAnsweredWithItsCode() throws {
        #expect(try read(frame(0x88, [])) == [.close([])])
        #expect(try read(frame(0x88, [3, 232] + Array("tschüß".utf8))) == [.close([3, 232])])
        #expect(try read(frame(0x88, [0x0F, 0xA0])) == [.close([0x0F, 0xA0])])
    }

    @Test(
        arguments: [
            // Reserved bits and opcodes.
            [0xC1], [0xA1], [0x91], [0x83], [0x87], [0x8B], [0x8F],
            // Not masked.
            [0x81, 0x00], [0x81, 0x7D], [0x89, 0x00], [0x88, 0x02],
            // Control frames that are too long or fragmented.
            [0x89, 0xFE], [0x88, 0xFF], [0x09], [0x08],
            // Lengths that are not the shortest, or have the highest bit set.
            [0x82, 0xFE, 0, 125], [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
            [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0],
            // Fragments of nothing, and a message within a message.
            [0x80], [0x00], [0x01, 0x80, 0, 0, 0, 0, 0x81], [0x01, 0x80, 0, 0, 0, 0, 0x02],
        ] as [[UInt8]])
    func aHeaderThatBreaksTheProtocolIsRefusedAtItsLastByte(_ bytes: [UInt8]) throws {
        #expect(try read(Array(bytes.dropLast())) == [])
        #expect(violation(bytes) == .protocolError)
    }

    @Test(arguments: [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] as [UInt16])
    func aCloseCodeThatMustNotBeSentIsRefused(_ code: UInt16) {
        let payload = [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)]
        #expect(violation(frame(0x88, payload)) == .protocolError)
    }

    @Test func aCloseFrameHasWholeCodesAndText() {
        #expect(violation(frame(0x88, [3])) == .protocolError)
        #expect(violation(frame(0x88, [3, 232, 0xFF])) == .invalidText)
        #expect(violation(frame(0x88, [3, 232, 0xC3])) == .invalidText)
    }

    @Test func aMessageThatWouldBeTooLargeIsRefusedBeforeItsPayload() throws {
        #expect(violation([0x81, 0xFE, 0x03, 0xE9]) == .messageTooBig)
        #expect(violation([0x82, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0]) == .messageTooBig)
        let half = frame(0x02, [UInt8](repeating: 0, count: 600))
        #expect(violation(half + [0x80, 0xFE, 0x01, 0x91]) == .messageTooBig)
        #expect(try read(half + frame(0x80, [UInt8](repeating: 0, count: 400))).count == 1)
    }

    @Test func aMessageOfTooManyFramesIsRefused() throws {
        let empty = frame(0x00, [])
        #expect(try read(frame(0x01, []) + empty + empty + frame(0x80, [])) == [.text([])])
        #expect(violation(frame(0x01, []) + empty + empty + empty + [0x80]) == .messageTooBig)
    }

    @Test(
        arguments: [
            // What comes before it, and the byte that cannot be.
            ([], 0x80), ([], 0xC1), ([], 0xF5), ([0xC3], 0x28), ([0xE0], 0x9F), ([0xED], 0xA0),
            ([0xE2, 0x82], 0x28), ([0xF0], 0x8F), ([0xF4], 0x90), ([0xF0, 0x9F, 0x98], 0xC0),
        ] as [([UInt8], UInt8)])
    func textIsRefusedAtTheByteThatCannotBeUTF8(_ before: [UInt8], _ byte: UInt8) throws {
        // Both within a frame of which more would come, and at the end of a fragment.
        let payload = Array("é".utf8) + before + [byte]
        let whole = frame(0x81, payload + [UInt8](repeating: 0x41, count: 20))
        let bytes = Array(whole.prefix(6 + payload.count))
        #expect(try read(Array(bytes.dropLast())) == [])
        #expect(violation(bytes) == .invalidText)
        #expect(
            violation(frame(0x01, Array(payload.dropLast())) + frame(0x00, [byte])) == .invalidText)
        // As binary it is what it is.
        #expect(try read(frame(0x82, payload)) == [.binary(payload)])
    }

    @Test func textThatEndsWithinACharacterIsRefused() {
        #expect(violation(frame(0x81, [0x41, 0xE2, 0x82])) == .invalidText)
        #expect(violation(frame(0x01, [0xC3]) + frame(0x80, [])) == .invalidText)
    }

    @Test func everyCharacterIsText() throws {
        let limits = MessageReader.Limits(byteCountMax: 5 << 20)
        var text = String.UnicodeScalarView()
        for value in UInt32(0)...0x10FFFF {
            if let scalar = Unicode.Scalar(value) { text.append(scalar) }
        }
        let payload = Array(String(text).utf8)
        #expect(try read(frame(0x81, payload), 1000, limits) == [.text(payload)])
    }

    @Test func aMessageIsTheSameHoweverItIsCut() throws {
        let payload = (0..<301).map { UInt8($0 % 128) }
        for size in 1...70 {
            #expect(
                try read(frame(0x81, payload), size) == [.text(payload)], "\(size) bytes at a time")
        }
    }

    // MARK: -

    /// A masked frame.
    private func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let key: [UInt8] = [0x12, 0x9A, 0xBC, 0xDE]
        var bytes = [first]
        switch payload.count {
        case ...125: bytes.append(0x80 | UInt8(payload.count))
        case ...0xFFFF:
            bytes += [0xFE, UInt8(payload.count >> 8), UInt8(truncatingIfNeeded: payload.count)]
        default:
            bytes.append(0xFF)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        return bytes + key + payload.indices.map { payload[$0] ^ key[$0 % 4] }
    }

    /// What is read of `bytes` that come in pieces of `size`.
    private func read(
        _ bytes: [UInt8], _ size: Int = 1, _ limits: MessageReader.Limits = limits
    ) throws(MessageReader.Violation) -> [MessageReader.Input] {
        var reader = MessageReader()
        var found: [MessageReader.Input] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            var piece = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
            while let input = try reader.next(in: &piece, limits: limits) { found.append(input) }
            #expect(piece.readableBytes == 0)
        }
        return found
    }

    private func violation(_ bytes: [UInt8]) -> CloseCode? {
        do throws(MessageReader.Violation) {
            let found = try self.read(bytes)
            Issue.record("nothing was refused, and this was read: \(found)")
            return nil
        } catch {
            return error.code
        }
    }
}
