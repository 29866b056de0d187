import NIOCore
import Transport

/// What clients send over WebSockets: however the bytes are cut, the same is read, and nothing is larger than it may be.
enum MessagesTarget {
    /// The first byte of `input` chooses the limits and the next one the size of the pieces.
    static func run(_ input: [UInt8]) -> Int {
        guard input.count > 2 else { return 0 }
        let limits = MessageReader.Limits(
            byteCountMax: input[0] & 1 == 0 ? 300 : 1 << 20, frameCountMax: 4)
        let bytes = input[2...]
        let whole = Self.read(bytes, bytes.count, limits)
        let pieces = Self.read(bytes, Int(input[1] % 16) + 1, limits)
        require(whole == pieces, "read as \(whole), and in pieces as \(pieces)")
        for said in whole.inputs {
            switch said {
            case .text(let text):
                require(text.count <= limits.byteCountMax, "a large text")
                require(String(validating: text, as: UTF8.self) != nil, "text that is not UTF-8")
            case .binary(let message):
                require(message.count <= limits.byteCountMax, "a large message")
            case .ping(let payload): require(payload.count <= 125, "a large ping")
            case .close(let answer): require([0, 2].contains(answer.count), "half a code")
            case .pong: break
            }
        }
        if let violation = whole.violation {
            require(
                !violation.reason.isEmpty && violation.reason.utf8.count <= 123, "a long reason")
        }
        return whole.inputs.count
    }

    private struct Outcome: Equatable {
        var inputs: [MessageReader.Input] = []
        var violation: MessageReader.Violation?
    }

    private static func read(
        _ bytes: ArraySlice<UInt8>, _ size: Int, _ limits: MessageReader.Limits
    ) -> Outcome {
        var reader = MessageReader()
        var outcome = Outcome()
        var rest = bytes
        do throws(MessageReader.Violation) {
            while !rest.isEmpty {
                var piece = ByteBuffer(bytes: rest.prefix(size))
                rest = rest.dropFirst(size)
                while let input = try reader.next(in: &piece, limits: limits) {
                    outcome.inputs.append(input)
                }
                require(piece.readableBytes == 0, "bytes were left")
                require(reader.messageByteCount <= limits.byteCountMax, "too much is held")
            }
        } catch {
            outcome.violation = error
        }
        return outcome
    }
}
