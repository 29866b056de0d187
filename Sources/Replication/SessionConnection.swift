package import Sessions
package import WireProtocol

/// The socket behind a session. All calls come from the session's event loop.
package protocol SessionConnection: AnyObject {
    /// Writes `bytes`, whole messages, in one write and one flush. Returns whether the socket can take more;
    /// if not, the connection tells the dispatcher when it can again.
    func send(_ bytes: OutboundBytes) -> Bool

    /// Finds out who has `token`, and lets the dispatcher know: ``Dispatcher/become(_:_:)``.
    func authenticate(_ token: String)

    /// Closes the socket with `code` after what was sent.
    func close(_ code: CloseCode, reason: String)
}

/// One of several writes that are to follow each other without anything between them.
package struct OutboundWrite {
    /// Where to write.
    package let connection: any SessionConnection
    /// Whole messages.
    package let bytes: OutboundBytes
    /// Whether the socket can take more afterwards; see ``SessionConnection/send(_:)``.
    package var canTakeMore = true
    /// The session's number on its loop.
    let session: Int
}

/// Carries out writes to the sockets of different sessions, in any order, and notes which of them can take more.
package typealias BurstWriter = (_ writes: inout [OutboundWrite]) -> Void
