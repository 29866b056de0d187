package import NIOCore

/// The one buffer into which an event loop reads from all its WebSockets.
///
/// NIO keeps a buffer for each channel, which with thousands of connections that are silent most of the time is
/// most of their memory. Here a channel borrows the loop's for a read and gives it back when it was taken apart.
///
/// Threads: only the loop's.
package final class ReadBuffer {
    private static let byteCount = 64 << 10

    private var spare: ByteBuffer?

    package init() {}

    fileprivate func borrow(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard var buffer = self.spare else { return allocator.buffer(capacity: Self.byteCount) }
        self.spare = nil
        // Whoever had it has let go of it, so this does not allocate.
        buffer.clear()
        return buffer
    }

    /// Takes back a buffer of which nobody needs anything any more.
    func giveBack(_ buffer: ByteBuffer) {
        if buffer.capacity >= Self.byteCount, buffer.capacity <= 2 * Self.byteCount {
            self.spare = buffer
        }
    }
}

/// Has a channel read into its loop's buffer. With this a channel must take one message a read, so that NIO
/// keeps none of the buffers.
package struct SharedReadAllocator: RecvByteBufferAllocator {
    let buffer: NIOLoopBound<ReadBuffer>

    package func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        self.buffer.value.borrow(allocator)
    }

    /// True, always: it makes NIO ask for a buffer, rather than use the one it had at first.
    package func record(actualReadBytes: Int) -> Bool { true }
}
