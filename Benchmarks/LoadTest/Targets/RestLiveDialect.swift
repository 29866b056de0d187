import NIOCore

/// django-rest-live 0.2: a socket without a subprotocol on which subscriptions are not answered, and a view of
/// the application that creates an instance for each line of a request.
struct RestLiveDialect: Dialect {
    let path = "/api/ws/subscribe/"
    let subprotocol: String? = nil
    let publishing = Publishing.requests(path: "/publish", contentType: "application/x-ndjson")
    let acknowledgesSubscriptions = false

    func subscribe(
        to groups: Range<Int>, from start: SubscriptionStart, to buffer: inout ByteBuffer
    ) {
        for group in groups {
            WebSocketFrame.write(
                .text,
                #"{"model":"load.Event","property":"list_id","value":"#
                    + #"\#(EventTemplate.firstGroup + group)}"#, to: &buffer)
        }
    }

    func meaning(of message: ByteBufferView) -> ServerWord {
        message.starts(with: #"{"error""#) ? .refusal(self.text(message)) : .nothing
    }

    func template(byteCount: Int) throws(LoadError) -> EventTemplate {
        // A broadcast has the model, the action and the key around the fields.
        let envelope = #"{"model":"load.Event","action":"CREATED","instance":{"id":1000000,"#.utf8
            .count
        var template = EventTemplate()
        template.append(#"{"list_id":"#)
        template.append(.group)
        template.append(#","data":""#)
        template.appendMarker()
        try template.pad(to: byteCount - envelope, reserving: 2)
        template.append(#""}"#)
        return template
    }
}
