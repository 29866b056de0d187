import NIOCore

/// livelog.v1 for subscribers, livelog.producer.v1 for publishers (`docs/protocol`).
struct LivelogDialect: Dialect {
    /// The model of all events of this run.
    let model: String

    let path = "/ws/subscribe/"
    let subprotocol: String? = "livelog.v1"
    let publishing = Publishing.producer
    let acknowledgesSubscriptions = true

    func subscribe(
        to groups: Range<Int>, from start: SubscriptionStart, to buffer: inout ByteBuffer
    ) {
        let from =
            switch start {
            case .now: "now"
            case .start: "start"
            case .token(let token): token
            }
        for (number, group) in groups.enumerated() {
            WebSocketFrame.write(
                .text,
                #"{"subscribe":\#(number),"model":"\#(self.model)","where":{"list_id":"#
                    + #"\#(EventTemplate.firstGroup + group)},"from":"\#(from)"}"#, to: &buffer)
        }
    }

    /// A subscription to all events, whatever their group.
    func subscribeToAll(from start: String, to buffer: inout ByteBuffer) {
        WebSocketFrame.write(
            .text, #"{"subscribe":0,"model":"\#(self.model)","from":"\#(start)"}"#, to: &buffer)
    }

    func meaning(of message: ByteBufferView) -> ServerWord {
        if message.starts(with: #"{"covered""#) {
            return message.contains(#""live":true"#) ? .live : .nothing
        }
        if message.starts(with: #"{"error""#) || message.starts(with: #"{"reset""#) {
            return .refusal(self.text(message))
        }
        return .nothing
    }

    /// The resume token at the beginning of a message that has one.
    static func token(in message: ByteBufferView) -> String? {
        let name = #""token":""#
        let head = String(decoding: message.prefix(160), as: UTF8.self)
        guard let start = head.firstRange(of: name)?.upperBound,
            let end = head[start...].firstIndex(of: "\"")
        else { return nil }
        return String(head[start..<end])
    }

    func template(byteCount: Int) throws(LoadError) -> EventTemplate {
        // What a subscriber is given is the instance in an envelope with the offset and the key, about so long.
        let envelope =
            #"{"offset":,"action":"CREATED","change":"entered","key":,"instance":}"#.utf8.count + 7
        return try self.template(
            instanceByteCount: byteCount - envelope - EventTemplate.Field.id.width)
    }

    /// The text of a change whose instance has so many bytes.
    func template(instanceByteCount byteCount: Int) throws(LoadError) -> EventTemplate {
        let before = #"{"model":"\#(self.model)","action":"CREATED","instance":"#
        var template = EventTemplate()
        template.append(before)
        template.append(#"{"id":"#)
        template.append(.id)
        template.append(#","list_id":"#)
        template.append(.group)
        template.append(#","data":[""#)
        template.appendMarker()
        template.append(#"",""#)
        try template.pad(to: before.utf8.count + byteCount, reserving: 3)
        template.append(#""]}}"#)
        return template
    }
}
