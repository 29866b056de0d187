import WireProtocol

/// Reads one frame of a server.
enum TextFrame {
    /// The text of the frame that `bytes` are; what is no whole text frame is named as such.
    static func text(of bytes: [UInt8]) -> String {
        guard bytes.count >= 2 else { return "no frame" }
        let headerCount = bytes[1] < 126 ? 2 : bytes[1] == 126 ? 4 : 10
        let text = Array(bytes.dropFirst(headerCount))
        var whole: [UInt8] = []
        OutboundFrame.append(text: text, to: &whole)
        return whole == bytes ? String(decoding: text, as: UTF8.self) : "no text frame"
    }
}
