/// Whole messages on their way to one socket or to many: framed once, and never changed after that.
package final class OutboundBytes: Sendable {
    /// The bytes as they go to the socket.
    package let bytes: [UInt8]
    /// How many records they carry.
    package let recordCount: Int

    /// Creates the bytes for some sockets.
    package init(_ bytes: [UInt8], recordCount: Int = 0) {
        self.bytes = bytes
        self.recordCount = recordCount
    }
}
