import NIOCore

/// MQTT 3.1.1 with QoS 0: packets, in binary frames for a WebSocket. A group is a topic.
struct MQTTDialect: Dialect {
    let path = "/mqtt"
    let subprotocol: String? = "mqtt"
    let publishing = Publishing.stream
    let acknowledgesSubscriptions = true

    /// CONNECT with a clean session, no keep-alive, and an identifier that the server makes.
    private static let connect: [UInt8] = [
        0x10, 12, 0, 4, UInt8(ascii: "M"), UInt8(ascii: "Q"), UInt8(ascii: "T"), UInt8(ascii: "T"),
        4, 2, 0, 0, 0, 0,
    ]
    /// Bytes of a topic's name.
    private static let topicCount = 2 + EventTemplate.Field.group.width

    func subscribe(
        to groups: Range<Int>, from start: SubscriptionStart, to buffer: inout ByteBuffer
    ) {
        WebSocketFrame.write(.binary, ByteBuffer(bytes: Self.connect), to: &buffer)
        for (number, group) in groups.enumerated() {
            var packet = ByteBuffer()
            packet.writeBytes([0x82, UInt8(2 + 2 + Self.topicCount + 1)])
            // Its answer has it again, and must have no byte that begins a marker.
            packet.writeInteger(UInt16(number % 63 + 1))
            packet.writeInteger(UInt16(Self.topicCount))
            packet.writeString("g/\(EventTemplate.firstGroup + group)")
            packet.writeInteger(0 as UInt8)
            WebSocketFrame.write(.binary, packet, to: &buffer)
        }
    }

    func meaning(of message: ByteBufferView) -> ServerWord {
        switch message.first {
        case 0x90:  // SUBACK, whose last byte says whether it was granted
            message.last == 0 ? .live : .refusal("the subscription was refused")
        case 0x20 where message.last != 0:  // CONNACK
            .refusal("the connection was refused with \(message.last ?? 255)")
        default: .nothing
        }
    }

    func template(byteCount: Int) throws(LoadError) -> EventTemplate {
        var template = EventTemplate()
        var rest = 2 + Self.topicCount + byteCount
        var head: [UInt8] = [0x30]
        while rest > 127 {
            head.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        head += [UInt8(rest), 0, UInt8(Self.topicCount)]
        template.append(bytes: head)
        template.append("g/")
        template.append(.group)
        try template.appendPlainEvent(byteCount: byteCount)
        return template
    }

    func greet(_ buffer: inout ByteBuffer) { buffer.writeBytes(Self.connect) }
}
