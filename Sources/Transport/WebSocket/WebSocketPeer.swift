import WireProtocol

/// What stands behind a WebSocket and gets its messages. All calls come on the channel's event loop.
package protocol WebSocketPeer {
    /// What the peer knows a connection by.
    associatedtype Member

    var limits: WebSocketLimits { get }
    /// The buffer of the event loop, which all its connections share.
    var readBuffer: ReadBuffer { get }

    /// A connection is open.
    func open(_ connection: WebSocketConnection<Self>) -> Member
    func receive(
        text message: [UInt8], from member: Member, _ connection: WebSocketConnection<Self>)
    func receive(
        binary message: [UInt8], from member: Member, _ connection: WebSocketConnection<Self>)
    /// So many bytes have come of a message that is not all there. Returns false if there is no room for them:
    /// the connection is closed then.
    func hold(_ byteCount: Int, of member: Member) -> Bool
    /// What the socket had to read at the moment has been given.
    func completeRead(_ member: Member)
    /// The client was closed because it does more than it may; `code` says of what.
    func noteExcess(_ code: String)
    /// The server stops.
    func quiesce(_ member: Member, _ connection: WebSocketConnection<Self>)
    /// The socket, which could take no more, can again.
    func becomeWritable(_ member: Member)
    /// The connection is closed, or is being closed: nothing more comes from it and nothing can be sent.
    func leave(_ member: Member, _ connection: WebSocketConnection<Self>)
}

extension WebSocketPeer {
    package func hold(_ byteCount: Int, of member: Member) -> Bool { true }
    package func completeRead(_ member: Member) {}
    package func noteExcess(_ code: String) {}

    /// What was sent is flushed, the client reconnects and resumes.
    package func quiesce(_ member: Member, _ connection: WebSocketConnection<Self>) {
        connection.close(.goingAway, reason: "the server stops")
    }
}

/// What one WebSocket may take, and how long it is waited for.
package struct WebSocketLimits: Sendable {
    /// A message of the client.
    package var message: MessageReader.Limits
    /// Messages of the client; nil for as many as it likes. Default nil.
    package var messages: Rate?
    /// Pings of the client. Default 10 in 10 seconds.
    package var pings: Rate
    /// Bytes that may wait in the socket before it counts as full.
    package var socketByteCountMax: Int
    /// Seconds that a client has to answer a close.
    package var closeSecondsMax: Int
    /// Seconds that a connection may still take when everything else of the server has stopped. Default 10.
    package var stopSecondsMax: Int
    /// Ticks without a word after which the client is sent a ping, and after which it is given up.
    package var quietTicksBeforePing: Int
    package var quietTicksMax: Int

    package init(
        message: MessageReader.Limits, messages: Rate? = nil,
        pings: Rate = Rate(10, inSeconds: 10), socketByteCountMax: Int, closeSecondsMax: Int,
        stopSecondsMax: Int = 10, quietTicksBeforePing: Int, quietTicksMax: Int
    ) {
        self.message = message
        self.messages = messages
        self.pings = pings
        self.socketByteCountMax = socketByteCountMax
        self.closeSecondsMax = closeSecondsMax
        self.stopSecondsMax = stopSecondsMax
        self.quietTicksBeforePing = quietTicksBeforePing
        self.quietTicksMax = quietTicksMax
    }
}
