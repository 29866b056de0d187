import LogModel
import Testing
import WireProtocol

/// The description of `livelog.v1` says what the code does, and all of it.
struct ProtocolDocumentTests {
    private let document: String

    init() throws {
        self.document = try RepositoryFile.text("docs/protocol/livelog-v1.md")
    }

    @Test func itListsEveryErrorCodeAndNoOther() throws {
        let codes = try self.table("## Error codes").codes
        let known =
            RequestErrorCode.allCases.map(\.rawValue) + JSONError.Code.allCases.map(\.rawValue)
        #expect(codes.sorted() == known.sorted())
    }

    @Test func itListsEveryResetReasonAndNoOther() throws {
        #expect(try self.table("## Reset reasons").codes == ResetReason.allCases.map(\.rawValue))
    }

    @Test func itListsEveryRangeOfCloseCodesAndEveryCode() throws {
        let tables = MarkdownTable.all(in: self.document, below: "## Close codes")
        try #require(tables.count == 2)
        let ranges =
            (CloseCode.reconnectRanges.map { ($0, "yes, and resume") }
            + CloseCode.finalRanges.map { ($0, "no") })
            .sorted { $0.0.lowerBound < $1.0.lowerBound }
            .map { range, reconnect in
                let bounds = [range.lowerBound, range.upperBound].map(String.init)
                return [range.count == 1 ? bounds[0] : bounds.joined(separator: " to "), reconnect]
            }
        #expect(tables[0].rows == ranges)
        #expect(
            tables[1].rows.map { Array($0.prefix(2)) }
                == CloseCode.allCases.map { ["\($0.rawValue)", $0.asksToReconnect ? "yes" : "no"] })
    }

    @Test func itNamesEveryWordOfTheProtocol() throws {
        let messages = try self.table("## From the server").rows
        func words(_ message: String, _ member: String) -> [String] {
            let start = messages.firstIndex { $0[0] == "`\(message)`" } ?? messages.endIndex
            let row = messages[start...].first { $0.contains("`\(member)`") }
            return MarkdownTable.code(in: row?.last ?? "")
        }
        #expect(words("subscribed", "plan") == FilterPlan.allCases.map(\.rawValue))
        #expect(words("subscribed", "snapshot") == SnapshotReason.allCases.map(\.rawValue))
        let records = try self.table("### Records").rows
        func record(_ member: String) -> [String] {
            let row = records.first { $0[0] == "`\(member)`" }
            return MarkdownTable.code(in: row?[1] ?? "")
        }
        #expect(record("action") == Action.allCases.map { "\($0.name)" })
        #expect(record("change") == SetChange.allCases.map { "\($0.name)" })
        let client = try self.table("## From the client").rows
        let catchUp = client.first { $0[0] == "`catchUp`" }.map { MarkdownTable.code(in: $0[2]) }
        #expect(catchUp == SubscriptionRequest.CatchUp.allCases.map { "\"\($0.rawValue)\"" })
    }

    @Test func itNamesTheLimits() {
        let limits = RequestLimits.default
        #expect(
            self.document.contains(
                "A filter has at most \(limits.conditionCountMax) conditions and "
                    + "\(limits.valueCountMax) values in all; a property has at most "
                    + "\(limits.propertyBytesMax) bytes, a value \(limits.valueBytesMax)."))
        #expect(self.document.contains("the model's label, 1 to \(limits.modelBytesMax) bytes"))
        #expect(limits.budgetMax == 1_000_000)
        #expect(self.document.contains("the most records to replay, 1 to 1,000,000:"))
    }

    @Test func itsExamplesOfRequestsAreRead() throws {
        let lines = try self.examples()
        var count = 0
        for case .sent(let message) in lines {
            #expect(throws: Never.self) { try Livelog1Request(message) }
            count += 1
        }
        #expect(count >= 5)
        for row in try self.table("### `from`").rows {
            let word = MarkdownTable.code(in: row[0]).first ?? "\"\(Transcript.otherToken.text)\""
            let message = #"{"subscribe":1,"model":"m","from":\#(word)}"#
            #expect(throws: Never.self) { try Livelog1Request(Array(message.utf8)) }
        }
        for text in try self.table("### `where`").codes {
            let message = #"{"subscribe":1,"model":"m","where":{"p":\#(text)}}"#
            #expect(throws: Never.self) { try Livelog1Request(Array(message.utf8)) }
        }
        for text in try self.table("### The same in a URL").codes {
            #expect(throws: Never.self) { try FilterExpression(text) }
        }
    }

    @Test func itsExamplesOfAnswersAreWhatTheDialectMakes() throws {
        var count = 0
        for case .received(let message) in try self.examples() {
            let document = try JSONDocument(parsing: message)
            var log: [Transcript.ReadableRecord] = []
            let records = document.member("records", of: document.root).map(document.elements)
            for element in records ?? [] {
                let record = try #require(Self.record(element, of: document))
                while log.count < record.offset { log.append(record.record) }
                log.append(record.record)
            }
            var frame: [UInt8] = []
            OutboundFrame.append(text: message, to: &frame)
            #expect(try RemadeMessage.frame(of: message, log: log) == frame)
            count += 1
        }
        #expect(count >= 18)
    }

    private func examples() throws -> [Transcript.Line] {
        let lines = self.document.split(separator: "\n").filter { $0.hasPrefix("    ") }
        return try Transcript(lines.map { $0.dropFirst(4) }.joined(separator: "\n")).lines
    }

    private func table(_ heading: String) throws -> MarkdownTable {
        try #require(MarkdownTable.all(in: self.document, below: heading).first)
    }

    /// A record of an example, as the log would have it.
    private static func record(
        _ node: JSONDocument.Node, of document: JSONDocument
    ) -> (offset: Int, record: Transcript.ReadableRecord)? {
        func member(_ name: String) -> JSONDocument.Node? { document.member(name, of: node) }
        let name = member("action").flatMap(document.string)
        guard let offset = member("offset").flatMap(document.unsignedInteger),
            let action = Action.allCases.first(where: { "\($0.name)" == name }),
            let key = member("key").flatMap(document.scalar)
        else { return nil }
        let instance = member("instance").map { document.rawText(of: $0) } ?? []
        return (
            Int(offset),
            Transcript.ReadableRecord(
                model: "m", action: action, instance: String(decoding: instance, as: UTF8.self),
                key: key)
        )
    }
}
