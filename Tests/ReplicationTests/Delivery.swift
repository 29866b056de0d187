import LogModel
import Replication
import TestSupport

/// What tests read in messages of livelog.v1.
enum Delivery {
    /// The token of a message, if it has one.
    static func token(in message: String) -> ResumeToken? {
        guard let start = message.firstRange(of: "\"token\":\"")?.upperBound else { return nil }
        return ResumeToken(text: String(message[start...].prefix { $0 != "\"" }))
    }

    /// The offsets of a message's records.
    static func offsets(in message: String) -> [Int] {
        message.split(separator: "{\"offset\":").dropFirst().compactMap { part in
            Int(part.prefix { $0.isNumber })
        }
    }

    /// The records of a message, each as its offset and its change.
    static func changes(in message: String) -> [String] {
        message.split(separator: "{\"offset\":").dropFirst().compactMap { part in
            guard let start = part.firstRange(of: "\"change\":\"")?.upperBound else { return nil }
            return "\(part.prefix { $0.isNumber }) \(part[start...].prefix { $0 != "\"" })"
        }
    }

    /// A batch that creates instances in a list.
    static func batch(_ keys: Range<Int>, list: Int) -> Changes {
        var builder = ChangesBuilder()
        for key in keys {
            builder.add(
                .updated, "m", key: .number(10_000 + key), groups: [("list", .number(list))],
                instance: "{}")
            if key % 100 == 99 { builder.endBatch() }
        }
        return builder.finish()
    }
}

extension Server {
    /// Appends and shows batches.
    func append(_ changes: Changes) throws {
        try self.writer.commit(changes)
    }
}
