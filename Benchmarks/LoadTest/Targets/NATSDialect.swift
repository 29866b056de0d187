import NIOCore

/// The protocol of NATS clients: lines, in binary frames for a WebSocket. A group is a subject.
struct NATSDialect: Dialect {
    let path = "/"
    let subprotocol: String? = nil
    let publishing = Publishing.stream
    let acknowledgesSubscriptions = true

    private static let connect = "CONNECT {\"verbose\":false,\"pedantic\":false,\"protocol\":1}\r\n"

    /// With a `PING` at the end, whose `PONG` says that what was before is in force.
    func subscribe(
        to groups: Range<Int>, from start: SubscriptionStart, to buffer: inout ByteBuffer
    ) {
        var words = Self.connect
        for group in groups {
            words += "SUB g.\(EventTemplate.firstGroup + group) \(group + 1)\r\nPING\r\n"
        }
        WebSocketFrame.write(.binary, words, to: &buffer)
    }

    func meaning(of message: ByteBufferView) -> ServerWord {
        if message.starts(with: "PING\r\n") { return .expects("PONG\r\n") }
        if message.contains("-ERR") { return .refusal(self.text(message)) }
        return message.contains("PONG\r\n") ? .live : .nothing
    }

    func template(byteCount: Int) throws(LoadError) -> EventTemplate {
        var template = EventTemplate()
        template.append("PUB g.")
        template.append(.group)
        template.append(" \(byteCount)\r\n")
        try template.appendPlainEvent(byteCount: byteCount)
        template.append("\r\n")
        return template
    }

    func greet(_ buffer: inout ByteBuffer) { buffer.writeString(Self.connect) }

    func meaning(ofAnswer bytes: ByteBufferView) -> ServerWord {
        if bytes.contains("-ERR") { return .refusal(self.text(bytes)) }
        return bytes.contains("PING\r\n") ? .expects("PONG\r\n") : .nothing
    }
}
