import NIOCore

/// What the bare epoll loop takes: events of a fixed length, and sockets that get all of them.
struct FloorDialect: Dialect {
    let path = "/"
    let subprotocol: String? = nil
    let publishing = Publishing.stream
    /// A socket that was upgraded gets everything from then on; probes find out that it is.
    let acknowledgesSubscriptions = false

    func subscribe(
        to groups: Range<Int>, from start: SubscriptionStart, to buffer: inout ByteBuffer
    ) {}
    func meaning(of message: ByteBufferView) -> ServerWord { .nothing }
    func greet(_ buffer: inout ByteBuffer) { buffer.writeString("PUB\n") }

    func template(byteCount: Int) throws(LoadError) -> EventTemplate {
        var template = EventTemplate()
        try template.appendPlainEvent(byteCount: byteCount)
        return template
    }
}

extension EventTemplate {
    /// Adds an event as targets without an envelope of their own get it: the same text as Livelog's subscribers.
    mutating func appendPlainEvent(byteCount: Int) throws(LoadError) {
        let end = self.byteCount + byteCount
        self.append(#"{"offset":"#)
        self.append(.id)
        self.append(#","action":"CREATED","instance":{"id":"#)
        self.append(.id)
        self.append(#","list_id":"#)
        self.append(.group)
        self.append(#","data":[""#)
        self.appendMarker()
        self.append(#"",""#)
        try self.pad(to: end, reserving: 4)
        self.append(#""]}}"#)
    }
}
