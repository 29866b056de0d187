/// A wire protocol by which a session gets its records. All but ``restLive`` say the same things, with the same
/// JSON, in different frames.
package enum Dialect: Hashable, Sendable, CaseIterable {
    /// django-rest-live's: a WebSocket without a subprotocol. Each frame of the client is one of rest-live 1 (0.1 to
    /// 0.3) or of rest-live 2 (0.4 to 0.7), and each subscription gets its records as its ``RecordForm`` says.
    case restLive
    /// Livelog's own: a WebSocket with the subprotocol `livelog.v1`, for any number of subscriptions.
    case livelog1
    /// `text/event-stream`: one subscription, which comes from the URL.
    case serverSentEvents
    /// `application/x-ndjson`: one subscription, which comes from the URL.
    case ndjson

    /// Whether a session has one subscription, which comes from a URL, and nothing more is heard from the client.
    package var isStream: Bool { self == .serverSentEvents || self == .ndjson }

    /// What stands between the JSON of two records of one message.
    package var recordSeparator: UInt8 {
        self == .ndjson ? UInt8(ascii: "\n") : UInt8(ascii: ",")
    }
}
