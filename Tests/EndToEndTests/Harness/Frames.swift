import Foundation

/// One message of livelog.v1, as a client printed it.
struct Frame: CustomStringConvertible {
    struct Record: Equatable {
        let offset: UInt64
        let change: String
        let key: Int
        let hasInstance: Bool
    }

    let description: String
    /// The name of the first kind of message that it could be: `subscribed`, `snapshot`, `changes`, `covered`, …
    let kind: String
    let token: String?
    let plan: String?
    let isLive: Bool
    let records: [Record]

    init(line: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
        guard let object = value as? [String: Any],
            let kind = ["subscribed", "snapshot", "changes", "covered", "reset", "error"]
                .first(where: { object[$0] != nil })
        else { throw Failure("not a message: \(line)") }
        self.description = line
        self.kind = kind
        self.token = object["token"] as? String
        self.plan = object["plan"] as? String
        self.isLive = object["live"] as? Bool ?? false
        self.records = (object["records"] as? [[String: Any]] ?? []).map { record in
            Record(
                offset: (record["offset"] as? NSNumber)?.uint64Value ?? .max,
                change: record["change"] as? String ?? "",
                key: record["key"] as? Int ?? -1,
                hasInstance: record["instance"] != nil)
        }
    }
}

extension ChildProcess {
    /// The next message that a client prints.
    func frame() async throws -> Frame {
        guard let line = await self.nextLine() else { throw self.failure("ended") }
        return try Frame(line: line)
    }

    /// The next message that says that the subscription is live, and the records up to it.
    func recordsUntilLive() async throws -> (records: [Frame.Record], token: String?) {
        var records: [Frame.Record] = []
        while true {
            let frame = try await self.frame()
            records += frame.records
            if frame.isLive { return (records, frame.token) }
        }
    }
}
