import Foundation

/// What the server says when it took a request's changes.
struct Receipt: Decodable, Equatable {
    let epoch: String
    let first: UInt64
    let last: UInt64
    let count: Int
    let durable: Bool
}

/// What the server says when it refused a request (RFC 9457).
struct Problem: Decodable {
    let type: String
    let title: String
    let status: Int
    let code: String
    let detail: String
    let line: Int?
}

/// One line of a subscriber: where the record stands in the log, and its instance.
struct ReceivedRecord: Equatable {
    let offset: UInt64
    let instance: String

    init(line: String) throws {
        guard
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
            let offset = (object["offset"] as? NSNumber)?.uint64Value,
            let instance = object["instance"]
        else { throw Failure("not a record: \(line)") }
        self.offset = offset
        self.instance = try canonicalJSON(instance)
    }
}

/// The one text of all that mean the same value: members sorted, no spaces.
func canonicalJSON(_ value: Any) throws -> String {
    let options: JSONSerialization.WritingOptions = [
        .sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed,
    ]
    return String(
        decoding: try JSONSerialization.data(withJSONObject: value, options: options), as: UTF8.self
    )
}

extension LivelogServer {
    /// Publishes changes, one a line, and returns the receipt.
    @discardableResult
    func publish(lines: String) async throws -> Receipt {
        let reply = try await exchange(.publish(lines.utf8))
        guard (200..<300).contains(reply.status) else {
            throw Failure("refused with \(reply.status): \(reply.body)")
        }
        return try JSONDecoder().decode(Receipt.self, from: Data(reply.body.utf8))
    }
}

extension ChildProcess {
    /// The next records that a subscriber prints.
    func records(_ count: Int) async throws -> [ReceivedRecord] {
        var records: [ReceivedRecord] = []
        while records.count < count {
            guard let line = await nextLine() else {
                throw failure("ended after \(records.count) of \(count) records")
            }
            records.append(try ReceivedRecord(line: line))
        }
        return records
    }
}
