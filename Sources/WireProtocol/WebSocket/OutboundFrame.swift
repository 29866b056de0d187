/// Frames from the server to a client (RFC 6455 section 5.2): never masked, never fragmented.
///
/// Reading frames, which is where the care is needed, is the edge's. Writing one is a header of two, four
/// or ten bytes, and is done here so that all frames that a session gets in one turn of its event loop
/// lie in one buffer and leave in one write.
package enum OutboundFrame {
    private static let finalText: UInt8 = 0x81

    /// Appends the header of a whole text message of `count` bytes.
    package static func appendTextHeader(count: Int, to bytes: inout [UInt8]) {
        bytes.append(self.finalText)
        switch count {
        case ...125:
            bytes.append(UInt8(count))
        case ...0xFFFF:
            bytes.append(126)
            bytes.append(UInt8(truncatingIfNeeded: count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: count))
        default:
            bytes.append(127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
    }

    /// Appends a whole text message.
    package static func append(text: [UInt8], to bytes: inout [UInt8]) {
        self.appendTextHeader(count: text.count, to: &bytes)
        bytes.append(contentsOf: text)
    }
}
