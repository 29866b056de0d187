import LogModel
import LogStorage
import Logging
import Replication
import Sessions
import TestSupport
import WireProtocol

/// A socket that keeps what it is given, and says what it is told to say.
final class RecordingConnection: SessionConnection {
    /// What ``send(_:)`` answers: whether the socket can take more.
    var canTakeMore = true
    /// Whole messages, in the order in which they were written.
    private(set) var messages: [String] = []
    /// Bytes of each write.
    private(set) var writes: [Int] = []
    /// What each write was given.
    private(set) var sent: [OutboundBytes] = []
    private(set) var closeCode: CloseCode?
    /// What the client said to show who it is.
    private(set) var tokens: [String] = []

    func send(_ bytes: OutboundBytes) -> Bool {
        self.sent.append(bytes)
        self.writes.append(bytes.bytes.count)
        for message in TextFrames.messages(in: bytes.bytes) ?? [Array("not frames".utf8)] {
            self.messages.append(String(decoding: message, as: UTF8.self))
        }
        return self.canTakeMore
    }

    func authenticate(_ token: String) {
        self.tokens.append(token)
    }

    func close(_ code: CloseCode, reason: String) {
        self.closeCode = code
    }

    /// Forgets what it was given.
    func clear() {
        self.messages = []
        self.sent = []
    }

    /// The messages since the last call.
    func takeMessages() -> [String] {
        defer { self.messages = [] }
        return self.messages
    }

    /// The offsets of all records since the last call, without what is around them.
    func takeOffsets() -> [Int] {
        self.takeMessages().flatMap { message in
            message.split(separator: "{\"offset\":").dropFirst().compactMap { part in
                Int(part.prefix { $0.isNumber })
            }
        }
    }
}

/// A log and a dispatcher, driven by hand.
struct Server {
    let writer: LogWriter
    let dispatcher: Dispatcher
    let sessionLimits: SessionLimits
    let decisions: DecisionCache

    init(
        _ writer: LogWriter, limits: Dispatcher.Limits = Dispatcher.Limits(),
        sessionLimits: SessionLimits = SessionLimits(), decisions: DecisionCache = DecisionCache()
    ) {
        self.writer = writer
        self.decisions = decisions
        self.sessionLimits = sessionLimits
        self.dispatcher = Dispatcher(
            log: writer.log, limits: limits, sessionLimits: sessionLimits,
            decisions: decisions, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    var log: ChangeLog { self.writer.log }

    /// Opens a session of `connection`.
    func open(
        _ connection: RecordingConnection, _ dialect: Dialect = .livelog1
    ) -> Dispatcher.SessionID {
        self.dispatcher.open(
            Session(dialect: dialect, limits: self.sessionLimits), connection: connection)
    }

    /// Lets a session's client say something. Returns whether a turn is asked for.
    @discardableResult
    func receive(_ text: String, from id: Dispatcher.SessionID) -> Bool {
        self.dispatcher.receive(Array(text.utf8), from: id)
    }

    /// Appends and shows `count` batches of one change each to the instance `key` in the list `list`.
    func append(_ count: Int = 1, key: Int = 1, list: Int = 1, pad: Int = 0) throws {
        let text = String(repeating: "x", count: pad)
        for _ in 0..<count {
            var builder = ChangesBuilder()
            builder.add(
                .updated, "m", key: .number(key), groups: [("list", .number(list))],
                instance: "{\"pad\":\"\(text)\"}")
            try self.writer.commit(builder.finish())
        }
    }

    /// Turns until there is nothing to do. Returns how many turns that took.
    @discardableResult
    func settle() -> Int {
        var turns = 1
        while self.dispatcher.turn() { turns += 1 }
        return turns
    }
}
