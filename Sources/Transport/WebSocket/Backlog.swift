import NIOCore

/// What a socket did not take yet, in its order.
///
/// It is there while bytes wait, and not before. The bytes are held by reference: a chunk that a thousand slow
/// sockets wait for is in memory once. Only the piece that NIO has at the moment is a copy, and it is small.
///
/// Threads: only the channel's event loop.
final class Backlog {
    private var parts = CircularBuffer<ArraySlice<UInt8>>(initialCapacity: 4)
    /// Bytes that wait, those of the piece that NIO has among them.
    private(set) var byteCount = 0
    /// The payload of the latest ping that came meanwhile; it is answered when nothing waits any more.
    var ping: [UInt8]?

    /// Adds `bytes` behind those that wait.
    func append(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        self.parts.append(bytes)
        self.byteCount += bytes.count
    }

    /// The next bytes, at most `countMax`; they wait until ``noteWritten(_:)``.
    func next(_ countMax: Int) -> ByteBuffer {
        var piece = ByteBuffer()
        while piece.readableBytes < countMax, let part = self.parts.popFirst() {
            let taken = part.prefix(countMax - piece.readableBytes)
            piece.writeBytes(taken)
            if taken.count < part.count { self.parts.prepend(part.dropFirst(taken.count)) }
        }
        return piece
    }

    /// Notes that the socket has taken `count` of the bytes that were given out.
    func noteWritten(_ count: Int) {
        self.byteCount -= count
    }
}
