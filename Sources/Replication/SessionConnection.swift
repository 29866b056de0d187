package import Sessions
package import WireProtocol

/// The socket behind a session. All calls come from the session's event loop.
package protocol SessionConnection: AnyObject {
    /// Writes `bytes`, whole messages, in one write and one flush. Returns whether the socket can take more;
    /// if not, the connection tells the dispatcher when it can again.
    func send(_ bytes: OutboundBytes) -> Bool

    /// Closes the socket with `code` after what was sent.
    func close(_ code: CloseCode, reason: String)
}
