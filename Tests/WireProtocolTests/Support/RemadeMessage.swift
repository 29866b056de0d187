import LogFormat
import LogModel
import TestSupport
import Testing
import WireProtocol

/// A message of the server, made again by the server's code from the values that are read in it.
enum RemadeMessage {
    /// The frame that says what `message` says, about records of `log`.
    static func frame(
        of message: [UInt8], log: [Transcript.ReadableRecord]
    ) throws -> [UInt8] {
        let reader = Reader(document: try JSONDocument(parsing: message), log: log)
        let dialect = Dialect.livelog1
        var frame: [UInt8] = []
        if let id = reader.id("subscribed") {
            let plan = try #require(FilterPlan(rawValue: try reader.text("plan")))
            if reader.has("token") {
                dialect.appendSubscribed(
                    id, token: try reader.text("token"), plan: plan, to: &frame)
            } else {
                let reason = try #require(SnapshotReason(rawValue: try reader.text("snapshot")))
                dialect.appendSubscribedWithSnapshot(id, plan: plan, reason: reason, to: &frame)
            }
        } else if let id = reader.id("changes") {
            dialect.appendChanges(
                id, records: try reader.records(), token: reader.string("token"), to: &frame)
        } else if let id = reader.id("snapshot") {
            dialect.appendSnapshot(
                id, records: try reader.records(), token: reader.string("token"),
                isPartial: reader.has("partial"), to: &frame)
        } else if let id = reader.id("covered") {
            dialect.appendCovered(
                id, token: try reader.text("token"), isLive: reader.has("live"), to: &frame)
        } else if let id = reader.id("unsubscribed") {
            dialect.appendUnsubscribed(id, to: &frame)
        } else if let id = reader.id("reset") {
            let reason = try #require(ResetReason(rawValue: try reader.text("reason")))
            dialect.appendReset(
                id, reason: reason, message: try reader.text("message"), to: &frame)
        } else {
            try #require(reader.has("error"))
            dialect.appendError(
                Livelog1Error(
                    id: reader.id("error"), code: try reader.text("code"),
                    message: try reader.text("message")), to: &frame)
        }
        return frame
    }

    private struct Reader {
        let document: JSONDocument
        let log: [Transcript.ReadableRecord]

        func has(_ name: String) -> Bool {
            self.document.member(name, of: self.document.root) != nil
        }

        func id(_ name: String) -> UInt64? {
            self.document.member(name, of: self.document.root).flatMap(
                self.document.unsignedInteger)
        }

        func string(_ name: String) -> String? {
            self.document.member(name, of: self.document.root).flatMap(self.document.string)
        }

        func text(_ name: String) throws -> String { try #require(self.string(name)) }

        /// The records that are named by their offsets, rendered from the log.
        func records() throws -> [UInt8] {
            let list = try #require(self.document.member("records", of: self.document.root))
            var json: [UInt8] = []
            var renderer = RecordRenderer()
            for element in self.document.elements(of: list) {
                func value(_ name: String) throws -> JSONDocument.Node {
                    try #require(self.document.member(name, of: element))
                }
                let offset = try #require(self.document.unsignedInteger(value("offset")))
                let name = try #require(self.document.string(value("change")))
                let change = try #require(SetChange.allCases.first { "\($0.name)" == name })
                try #require(offset < self.log.count)
                let record = self.log[Int(offset)]
                let sample = SampleRecord(
                    record.action, model: Text(record.model), key: record.key,
                    offset: Offset(offset), instance: record.instance)
                if !json.isEmpty { json.append(Dialect.livelog1.recordSeparator) }
                renderer.appendLivelog1(sample.view, change, to: &json)
            }
            return json
        }
    }
}
