import Replication
import Sessions
import WireProtocol

/// A socket that keeps the messages that it is given, and says what it is told to say.
final class WatchingConnection: SessionConnection {
    /// What ``send(_:)`` answers: whether the socket can take more.
    var canTakeMore = true
    /// Whether the server has closed it.
    private(set) var isClosed = false
    private(set) var messages: [String] = []

    func send(_ bytes: OutboundBytes) -> Bool {
        self.messages += Self.messages(in: bytes.bytes)
        return self.canTakeMore
    }

    func authenticate(_ token: String) {}

    func close(_ code: CloseCode, reason: String) { self.isClosed = true }

    /// Forgets what it was given.
    func forget() { self.messages = [] }

    /// The texts of whole text frames.
    static func messages(in bytes: [UInt8]) -> [String] {
        var messages: [String] = []
        var rest = bytes[...]
        while rest.count >= 2 {
            rest.removeFirst()
            var count = Int(rest.removeFirst())
            if count >= 126 {
                let width = count == 126 ? 2 : 8
                count = rest.prefix(width).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(width)
            }
            messages.append(String(decoding: rest.prefix(count), as: UTF8.self))
            rest = rest.dropFirst(count)
        }
        return messages
    }
}

/// What a subscription was told, record by record, whatever frames it came in.
struct ToldRecords: Equatable {
    struct Told: Equatable {
        let text: String
        /// Whether it came in a frame without a token: a part of something.
        let isPart: Bool
    }

    private(set) var records: [Told] = []

    var texts: [String] { self.records.map(\.text) }

    /// Adds the records of a message; returns the client's number of the subscription.
    static func read(_ message: String) -> (id: UInt64, records: [Told])? {
        if message.hasPrefix("{\"type\":\"broadcast\"") || message.hasPrefix("{\"model\"") {
            return (0, [Told(text: message, isPart: false)])
        }
        guard message.hasPrefix("{\"changes\":") || message.hasPrefix("{\"snapshot\":"),
            let colon = message.firstIndex(of: ":"),
            let id = UInt64(message[message.index(after: colon)...].prefix { $0.isNumber }),
            let start = message.firstRange(of: "\"records\":["),
            let end = message.lastIndex(of: "]")
        else { return nil }
        let isPart = message.hasSuffix("\"more\":true}")
        let parts = message[start.upperBound..<end].split(separator: "{\"offset\":")
        return (
            id,
            parts.map { part in
                Told(
                    text: part.hasSuffix(",") ? String(part.dropLast()) : String(part),
                    isPart: isPart)
            }
        )
    }

    mutating func add(_ records: [Told]) { self.records += records }

    /// Whether `replayed` is all of this, but for parts of something at the end that never came to its end.
    func isSame(as replayed: ToldRecords) -> Bool {
        self.texts.starts(with: replayed.texts)
            && self.records.dropFirst(replayed.records.count).allSatisfy(\.isPart)
    }
}
