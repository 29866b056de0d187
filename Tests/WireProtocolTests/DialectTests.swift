import LogModel
import TestSupport
import Testing
import WireProtocol

/// Every message in every dialect, byte for byte as the descriptions of the protocols have it.
struct DialectTests {
    struct Message: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let append: @Sendable (Dialect, inout [UInt8]) -> Void
        let livelog1: String
        let event: String
        let lines: String

        init(
            _ name: String, livelog1: String, event: String, lines: String,
            append: @escaping @Sendable (Dialect, inout [UInt8]) -> Void
        ) {
            self.testDescription = name
            self.append = append
            self.livelog1 = livelog1
            self.event = event
            self.lines = lines
        }
    }

    static let records = ["{\"offset\":1}", "{\"offset\":2}"]

    static func joined(_ dialect: Dialect) -> [UInt8] {
        Array(self.records.map { Array($0.utf8) }.joined(separator: [dialect.recordSeparator]))
    }

    static let messages = [
        Message(
            "subscribed", livelog1: #"{"subscribed":7,"token":"T-_","plan":"group"}"#,
            event: "event: subscribed\nretry: 1000\nid: T-_\ndata: {\"plan\":\"group\"}\n\n",
            lines: "{\"token\":\"T-_\",\"plan\":\"group\"}\n"
        ) { $0.appendSubscribed(7, token: "T-_", plan: .group, to: &$1) },
        Message(
            "subscribed with a snapshot",
            livelog1: #"{"subscribed":18446744073709551615,"plan":"residual","snapshot":"budget"}"#,
            event:
                "event: subscribed\nretry: 1000\ndata: {\"plan\":\"residual\",\"snapshot\":\"budget\"}\n\n",
            lines: "{\"plan\":\"residual\",\"snapshot\":\"budget\"}\n"
        ) { $0.appendSubscribedWithSnapshot(.max, plan: .residual, reason: .budget, to: &$1) },
        Message(
            "unsubscribed", livelog1: #"{"unsubscribed":0}"#, event: "", lines: ""
        ) { $0.appendUnsubscribed(0, to: &$1) },
        Message(
            "changes",
            livelog1: #"{"changes":7,"token":"T","records":[{"offset":1},{"offset":2}]}"#,
            event:
                "event: changes\nid: T\ndata: {\"records\":[{\"offset\":1},{\"offset\":2}]}\n\n",
            lines: "{\"offset\":1}\n{\"offset\":2}\n{\"token\":\"T\"}\n"
        ) { $0.appendChanges(7, records: Self.joined($0), token: "T", to: &$1) },
        Message(
            "changes that more follows",
            livelog1: #"{"changes":7,"records":[{"offset":1},{"offset":2}],"more":true}"#,
            event:
                "event: changes\ndata: {\"records\":[{\"offset\":1},{\"offset\":2}],\"more\":true}\n\n",
            lines: "{\"offset\":1}\n{\"offset\":2}\n"
        ) { $0.appendChanges(7, records: Self.joined($0), token: nil, to: &$1) },
        Message(
            "a page of a snapshot",
            livelog1: #"{"snapshot":7,"records":[{"offset":1},{"offset":2}],"more":true}"#,
            event:
                "event: snapshot\ndata: {\"records\":[{\"offset\":1},{\"offset\":2}],\"more\":true}\n\n",
            lines: "{\"offset\":1}\n{\"offset\":2}\n"
        ) {
            $0.appendSnapshot(7, records: Self.joined($0), token: nil, isPartial: true, to: &$1)
        },
        Message(
            "the last page, without records",
            livelog1: #"{"snapshot":7,"records":[],"token":"T"}"#,
            event: "event: snapshot\nid: T\ndata: {\"records\":[]}\n\n",
            lines: "{\"token\":\"T\"}\n"
        ) { $0.appendSnapshot(7, records: [], token: "T", isPartial: false, to: &$1) },
        Message(
            "the last page of a part",
            livelog1:
                #"{"snapshot":7,"records":[{"offset":1},{"offset":2}],"token":"T","partial":true}"#,
            event:
                "event: snapshot\nid: T\ndata: {\"records\":[{\"offset\":1},{\"offset\":2}],\"partial\":true}\n\n",
            lines: "{\"offset\":1}\n{\"offset\":2}\n{\"token\":\"T\",\"partial\":true}\n"
        ) {
            $0.appendSnapshot(7, records: Self.joined($0), token: "T", isPartial: true, to: &$1)
        },
        Message(
            "covered", livelog1: #"{"covered":7,"token":"T"}"#,
            event: "event: covered\nid: T\ndata: {}\n\n", lines: "{\"token\":\"T\"}\n"
        ) { $0.appendCovered(7, token: "T", isLive: false, to: &$1) },
        Message(
            "live", livelog1: #"{"covered":7,"token":"T","live":true}"#,
            event: "event: covered\nid: T\ndata: {\"live\":true}\n\n",
            lines: "{\"token\":\"T\",\"live\":true}\n"
        ) { $0.appendCovered(7, token: "T", isLive: true, to: &$1) },
        Message(
            "reset", livelog1: #"{"reset":7,"reason":"unknown-token","message":"say \"no\"\r\né"}"#,
            event:
                "event: reset\ndata: {\"reason\":\"unknown-token\",\"message\":\"say \\\"no\\\"\\r\\né\"}\n\n",
            lines: "{\"reset\":\"unknown-token\",\"message\":\"say \\\"no\\\"\\r\\né\"}\n"
        ) {
            $0.appendReset(7, reason: .unknownToken, message: "say \"no\"\r\né", to: &$1)
        },
        Message(
            "error", livelog1: #"{"error":7,"code":"invalid-id","message":"a\nb"}"#,
            event: "", lines: ""
        ) {
            $0.appendError(Livelog1Error(id: 7, code: .invalidID, message: "a\nb"), to: &$1)
        },
        Message(
            "error of nobody", livelog1: #"{"error":null,"code":"not-text","message":"é"}"#,
            event: "", lines: ""
        ) { $0.appendError(Livelog1Error(code: "not-text", message: "é"), to: &$1) },
    ]

    @Test(arguments: messages)
    func inLivelog1AMessageIsATextFrameWithOneObject(message: Message) throws {
        var bytes: [UInt8] = [1, 2]
        message.append(.livelog1, &bytes)
        let text = Array(message.livelog1.utf8)
        try #require(text.count <= 125)
        #expect(bytes == [1, 2, 0x81, UInt8(text.count)] + text)
        let document = try JSONDocument(parsing: text)
        #expect(document.kind(of: document.root) == .object)
        #expect(document.member("model", of: document.root) == nil)
    }

    @Test(arguments: messages)
    func inAnEventStreamAMessageIsAnEvent(message: Message) {
        var bytes: [UInt8] = Array("data: {}\n\n".utf8)
        message.append(.serverSentEvents, &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "data: {}\n\n" + message.event)
    }

    @Test(arguments: messages)
    func inNDJSONAMessageIsLines(message: Message) throws {
        var bytes: [UInt8] = Array("{}\n".utf8)
        message.append(.ndjson, &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "{}\n" + message.lines)
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            #expect(throws: Never.self) { try JSONDocument(parsing: Array(line)) }
        }
    }

    @Test(arguments: messages)
    func restLive1KnowsNoneOfThem(message: Message) {
        var bytes: [UInt8] = [7]
        message.append(.restLive, &bytes)
        #expect(bytes == [7])
    }

    @Test(arguments: [0, 60, 61, 62, 180, 65480, 65487, 65488, 65489, 65490, 70000])
    func aFrameIsAsLongAsItsHeaderSaysAtAnySize(count: Int) throws {
        let record = Array("\"\(String(repeating: "x", count: count))\"".utf8)
        var bytes: [UInt8] = []
        Dialect.livelog1.appendChanges(12345, records: record, token: "token", to: &bytes)
        let payload =
            Array(#"{"changes":12345,"token":"token","records":["#.utf8) + record + Array("]}".utf8)
        var frame: [UInt8] = []
        OutboundFrame.append(text: payload, to: &frame)
        #expect(bytes == frame)
    }

    @Test(
        arguments: [
            (0, "0"), (9, "9"), (10, "10"), (99, "99"), (100, "100"),
            (9_999_999_999_999_999_999, "9999999999999999999"),
            (10_000_000_000_000_000_000, "10000000000000000000"),
            (.max, "18446744073709551615"),
        ] as [(UInt64, String)])
    func numbersHaveAllTheirDigits(number: UInt64, digits: String) {
        var bytes: [UInt8] = []
        Dialect.livelog1.appendUnsubscribed(number, to: &bytes)
        #expect(
            String(decoding: bytes.dropFirst(2), as: UTF8.self) == #"{"unsubscribed":\#(digits)}"#)
    }
}
