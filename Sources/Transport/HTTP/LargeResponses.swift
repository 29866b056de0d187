import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import WireProtocol

/// Bounds what responses hold together that their clients do not take.
///
/// A small body is written at once and gone; who does not take it is closed as one who says nothing. A large one is
/// written piece by piece, as the client takes them, and charged to a budget until it is written or the connection
/// has ended.
struct LargeResponses: Sendable {
    /// Bytes up to which a body is small.
    static let smallByteCountMax = 64 << 10

    private let budget: ByteBudget

    /// - Parameter byteCountMax: bytes of all large bodies.
    init(byteCountMax: Int) {
        self.budget = ByteBudget(byteCountMax)
    }

    /// A response's body with `bytes`. Throws a problem if others hold too many.
    func body(_ bytes: [UInt8]) throws(Problem) -> ResponseBody {
        let buffer = ByteBuffer(bytes: bytes)
        guard bytes.count > Self.smallByteCountMax else { return ResponseBody(byteBuffer: buffer) }
        let share = ByteBudget.Share(of: self.budget)
        guard share.grow(to: bytes.count) else {
            throw Problem(
                status: 503, code: "overloaded", title: "Overloaded",
                detail: "too many responses wait for clients that do not take them: try again",
                retryAfter: 1)
        }
        return ResponseBody(contentLength: bytes.count) { writer in
            try await writer.write(inPieces: buffer)
            try await writer.finish(nil)
            withExtendedLifetime(share) {}
        }
    }
}

extension ResponseBodyWriter {
    /// Writes `buffer` so that it is seen how far the client takes it.
    @concurrent mutating func write(inPieces buffer: ByteBuffer) async throws {
        var rest = buffer
        while rest.readableBytes > 0,
            let piece = rest.readSlice(
                length: min(rest.readableBytes, LargeResponses.smallByteCountMax))
        {
            try await self.write(piece)
        }
    }
}
