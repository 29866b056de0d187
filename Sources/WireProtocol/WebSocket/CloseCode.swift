/// Why the server closes a WebSocket (RFC 6455 section 7.4; 4000 and above are Livelog's own).
///
/// A code's range says what a client does, so that it need not know the code.
package enum CloseCode: UInt16, Sendable, CaseIterable {
    /// The server stops. Reconnect, and resume.
    case goingAway = 1001
    /// The peer broke the WebSocket protocol.
    case protocolError = 1002
    /// A text message was not valid UTF-8.
    case invalidText = 1007
    /// A message is not of the dialect that was agreed on.
    case policyViolation = 1008
    /// A message was larger than the limit.
    case messageTooBig = 1009
    /// The server could not go on with this session, for instance because a record is damaged. Reconnect, and
    /// resume.
    case internalError = 1011
    /// The log takes no appends at the moment, or the application does not say what may be seen. Reconnect later, and
    /// resume.
    case tryAgainLater = 1013
    /// Who the peer is, is no longer known: its token has expired. Reconnect with another one, and resume.
    case expired = 4401
    /// The peer did not answer pings. Reconnect, and resume.
    case silent = 4408
    /// The peer went on asking and did not read the answers, or asked too often. Reconnect, and resume.
    case unread = 4429

    /// The codes after which a client connects again and resumes.
    package static let reconnectRanges: [ClosedRange<UInt16>] = [
        1001...1001, 1011...1014, 4000...4499,
    ]
    /// The codes after which a client does not connect again: it would only do wrong again.
    package static let finalRanges: [ClosedRange<UInt16>] = [1002...1003, 1007...1010, 4500...4999]

    /// Whether a client that is closed with this code is to connect again.
    package var asksToReconnect: Bool {
        Self.reconnectRanges.contains { $0.contains(self.rawValue) }
    }
}
