import Access
import NIOCore
import Replication
import Sessions
import WireProtocol

/// The body of a response that goes on for as long as its reader wants, as the socket behind a session.
///
/// What the session sends waits here until the response's writer has written what it had before: one buffer is
/// being written, and at most `ServerLimits.socketByteCountMax` bytes and one message more wait. With more the
/// session is a cursor further back in the log, as that of a WebSocket is.
///
/// Threads: only the event loop's.
final class StreamConnection: SessionConnection {
    private let hub: EventLoopHub
    private let channel: any Channel
    private var id: Dispatcher.SessionID?
    private var waiting = ByteBuffer()
    /// Resolved when there is something to write, or nothing more comes.
    private var writer: EventLoopPromise<ByteBuffer?>?
    private var isClosed = false
    private var isFull = false
    /// Closes the channel if the client does not take the rest of a stream that the server ends.
    private var deadline: Scheduled<Void>?

    /// Opens a session of `dialect` and begins what `request` asks for. When the server stops, nothing more comes
    /// from the beginning.
    init(
        hub: EventLoopHub, channel: any Channel, dialect: Dialect, principal: Principal,
        under access: AccessControl,
        _ request: SubscriptionRequest
    ) {
        self.hub = hub
        self.channel = channel
        guard !hub.isStopped else {
            self.isClosed = true
            return
        }
        // As things are on the loop at this moment: a change of rights finds the session, or comes before it.
        let session = Session(
            dialect: dialect, reader: access.reader(principal), limits: hub.limits.session)
        let id = hub.dispatcher.open(session, connection: self)
        self.id = id
        if hub.dispatcher.subscribe(request, on: id) { hub.scheduleTurn() }
    }

    /// What is to be written next, as soon as there is something; nil at the end. To be called when what was
    /// given out before is written.
    func next() -> EventLoopFuture<ByteBuffer?> {
        let promise = self.channel.eventLoop.makePromise(of: ByteBuffer?.self)
        if self.waiting.readableBytes > 0 {
            promise.succeed(self.waiting)
            self.waiting = ByteBuffer()
        } else if self.isClosed {
            promise.succeed(nil)
        } else {
            self.writer = promise
        }
        if self.isFull, let id {
            self.isFull = false
            if self.hub.dispatcher.becomeWritable(id) { self.hub.scheduleTurn() }
        }
        return promise.futureResult
    }

    /// Ends the session, because nobody writes what it sends any more.
    func leave() {
        self.deadline?.cancel()
        self.deadline = nil
        self.end()
    }

    private func end() {
        if let id {
            self.id = nil
            if self.hub.dispatcher.close(id) { self.hub.scheduleTurn() }
        }
        self.isClosed = true
        self.writer?.succeed(nil)
        self.writer = nil
    }

    // MARK: - SessionConnection

    func send(_ bytes: OutboundBytes) -> Bool {
        guard !self.isClosed else { return true }
        if let writer {
            self.writer = nil
            writer.succeed(ByteBuffer(bytes: bytes.bytes))
            return true
        }
        self.waiting.writeBytes(bytes.bytes)
        self.isFull = self.waiting.readableBytes >= self.hub.limits.socketByteCountMax
        return !self.isFull
    }

    /// Nothing is heard from a stream's client.
    func authenticate(_ token: String) {}

    /// Streams have no codes: whoever reads sees that there is nothing more, and resumes.
    func close(_ code: CloseCode, reason: String) {
        guard !self.isClosed else { return }
        self.end()
        let channel = self.channel
        let delay = TimeAmount.seconds(Int64(self.hub.limits.closeSecondsMax))
        self.deadline = channel.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            channel.close(promise: nil)
        }
    }
}
