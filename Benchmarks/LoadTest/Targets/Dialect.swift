import NIOCore

/// How a target wants to be talked to. It is asked about what is rare (handshakes, subscriptions, answers);
/// events are found by their markers, whatever is around them.
protocol Dialect: Sendable {
    /// Where a subscriber's WebSocket is.
    var path: String { get }
    /// The subprotocol of a subscriber's WebSocket.
    var subprotocol: String? { get }
    /// How the publisher talks.
    var publishing: Publishing { get }
    /// Whether a subscription is acknowledged. If not, events are sent until each subscriber was given one.
    var acknowledgesSubscriptions: Bool { get }

    /// Writes what a subscriber says after its handshake, as frames.
    func subscribe(
        to groups: Range<Int>, from start: SubscriptionStart, to buffer: inout ByteBuffer)
    /// What a message without an event means to a subscriber.
    func meaning(of message: ByteBufferView) -> ServerWord
    /// The text of an event as the publisher sends it, of which a subscriber is given `byteCount` bytes.
    func template(byteCount: Int) throws(LoadError) -> EventTemplate
    /// Writes what the publisher says first, if its connection is plain TCP.
    func greet(_ buffer: inout ByteBuffer)
    /// What the publisher was answered, if its connection is plain TCP.
    func meaning(ofAnswer bytes: ByteBufferView) -> ServerWord
}

/// Where a subscription begins.
enum SubscriptionStart: Equatable {
    /// With the next event.
    case now
    /// With the first that is kept.
    case start
    /// After a resume token.
    case token(String)
}

/// How a publisher sends events.
enum Publishing {
    /// One event's text after the other on a TCP connection, without answers.
    case stream
    /// Batches as messages of a WebSocket, with a receipt for each.
    case producer
    /// Batches as requests of HTTP to a path, one at a time, with the events' texts one after the other.
    case requests(path: String, contentType: String)
}

/// What a server says besides events.
enum ServerWord: Equatable {
    /// Nothing that matters here.
    case nothing
    /// One subscription is in force: whatever is published from now on will come.
    case live
    /// A word that wants this answer, as a frame's payload or as bytes of a plain connection.
    case expects(String)
    /// A refusal.
    case refusal(String)
}

extension Dialect {
    func greet(_ buffer: inout ByteBuffer) {}
    func meaning(ofAnswer bytes: ByteBufferView) -> ServerWord { .nothing }

    /// The text of a message, for an error's sentence.
    func text(_ message: ByteBufferView) -> String {
        String(decoding: message.prefix(500), as: UTF8.self)
    }
}

extension ByteBufferView {
    /// Whether the bytes begin with a text.
    func starts(with text: StaticString) -> Bool {
        self.count >= text.utf8CodeUnitCount
            && text.withUTF8Buffer { expected in self.prefix(expected.count).elementsEqual(expected)
            }
    }

    /// Whether the bytes contain a text. O(bytes): for short messages.
    func contains(_ text: String) -> Bool { String(decoding: self, as: UTF8.self).contains(text) }
}
