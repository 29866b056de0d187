import Replication
import Sessions
import TestSupport
import WireProtocol

/// What a simulation has found wrong; the first finding counts.
final class Findings {
    private(set) var first: String?

    func note(_ text: @autoclosure () -> String) {
        if self.first == nil { self.first = text() }
    }

    func require(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { self.note(text()) }
    }
}

/// A socket that takes what it is given into an inbox, and says at random that it cannot take more.
final class SimulatedConnection: SessionConnection {
    /// How the socket behaves.
    struct Manner {
        /// Of 100 writes, how many leave it unable to take more.
        var blockingShare = 30
        /// Of 1,000 writes, in how many it turns out that the peer has gone.
        var breakingShare = 5
        /// Bytes that one write may have at most.
        var byteCountMax = Int.max
    }

    private let dispatcher: Dispatcher
    private let findings: Findings
    private let manner: Manner
    private var random: SeededGenerator
    private(set) var id: Dispatcher.SessionID?
    private(set) var isBlocked = false
    /// Whether a turn of the dispatcher has been asked for.
    var wantsTurn = false
    /// Whole messages that the client has not read yet.
    var inbox: [[UInt8]] = []
    /// Called for each message as it is written, if set; then there is no inbox.
    var onMessage: (([UInt8]) -> Void)?

    init(_ dispatcher: Dispatcher, _ manner: Manner, seed: UInt64, findings: Findings) {
        self.dispatcher = dispatcher
        self.manner = manner
        self.random = SeededGenerator(seed: seed)
        self.findings = findings
    }

    func opened(as id: Dispatcher.SessionID) {
        self.id = id
    }

    /// Whether the socket is gone.
    var isClosed: Bool { self.id == nil }

    /// The client's message comes in.
    func receive(_ text: String) {
        guard let id else { return }
        if self.dispatcher.receive(Array(text.utf8), from: id) { self.wantsTurn = true }
    }

    func receiveBinary() {
        guard let id else { return }
        self.dispatcher.receiveBinary(from: id)
    }

    /// The peer has read something.
    func becomeWritable() {
        guard let id, self.isBlocked else { return }
        self.isBlocked = false
        if self.dispatcher.becomeWritable(id) { self.wantsTurn = true }
    }

    /// The peer has gone.
    func disconnect() {
        guard let id else { return }
        self.id = nil
        self.dispatcher.close(id)
    }

    func send(_ outbound: OutboundBytes) -> Bool {
        let bytes = outbound.bytes
        self.findings.require(!self.isClosed, "a closed session is written to")
        self.findings.require(!bytes.isEmpty, "nothing is written")
        self.findings.require(
            bytes.count <= self.manner.byteCountMax, "\(bytes.count) bytes in one write")
        guard let messages = TextFrames.messages(in: bytes) else {
            self.findings.note("what was written is not whole text frames")
            return true
        }
        for message in messages {
            self.findings.require(
                !self.isBlocked || !TextFrames.carriesRecords(message),
                "records are written to a socket that cannot take more")
            if let onMessage { onMessage(message) } else { self.inbox.append(message) }
        }
        if self.random.chance(self.manner.breakingShare, in: 1000) {
            // As with a real socket, the session is closed before the write returns.
            self.disconnect()
            return self.random.chance(1, in: 2)
        }
        if self.isBlocked { return false }
        if self.random.chance(self.manner.blockingShare, in: 100) {
            self.isBlocked = true
            return false
        }
        if self.random.chance(1, in: 20), let id {
            // The write filled the socket's buffer and the flush emptied it again.
            if self.dispatcher.becomeWritable(id) { self.wantsTurn = true }
        }
        return true
    }

    func authenticate(_ token: String) {}

    func close(_ code: CloseCode, reason: String) {
        self.findings.note("the server closes a session with \(code): \(reason)")
        self.disconnect()
    }
}

/// Reads what a server writes (RFC 6455 section 5.2).
enum TextFrames {
    /// The payloads of the frames in `bytes`, or nil if it is anything but whole, final, unmasked text frames
    /// with the shortest headers.
    static func messages(in bytes: [UInt8]) -> [[UInt8]]? {
        var messages: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard rest.count >= 2, rest.removeFirst() == 0x81 else { return nil }
            var count = Int(rest.removeFirst())
            if count >= 126 {
                let width = count == 126 ? 2 : count == 127 ? 8 : 0
                guard width > 0, rest.count >= width else { return nil }
                count = rest.prefix(width).reduce(0) { $0 << 8 | Int($1) }
                guard count > (width == 2 ? 125 : 0xFFFF) else { return nil }
                rest = rest.dropFirst(width)
            }
            guard rest.count >= count else { return nil }
            messages.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return messages
    }

    /// Whether a message gives records to a subscription, and does not only answer.
    static func carriesRecords(_ message: [UInt8]) -> Bool {
        let starts = ["{\"changes\"", "{\"covered\"", "{\"model\""]
        return starts.contains { message.starts(with: $0.utf8) }
    }
}
