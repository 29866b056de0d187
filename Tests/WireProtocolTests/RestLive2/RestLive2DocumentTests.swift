import LogFormat
import LogModel
import TestSupport
import Testing
import WireProtocol

/// The description of rest-live 2 says what the code does, and all of it.
struct RestLive2DocumentTests {
    private let document: String

    init() throws {
        self.document = try RepositoryFile.text("docs/protocol/rest-live-2.md")
    }

    private func rows(_ heading: String) throws -> [[String]] {
        try #require(MarkdownTable.all(in: self.document, below: heading).first).rows
    }

    /// What a cell has as code, also if that has backticks itself.
    private static func text(_ cell: String) -> String? {
        if cell.hasPrefix("`` ") { return String(cell.dropFirst(3).dropLast(3)) }
        if cell.hasPrefix("``") { return String(cell.dropFirst(2).dropLast(2)) }
        return MarkdownTable.code(in: cell).first
    }

    private static func error(_ members: String) throws -> RestLive2Error? {
        let document = try JSONDocument(parsing: Array(#"{"id":1,\#(members)}"#.utf8))
        do throws(RestLive2Error) {
            _ = try RestLive2Request(document) { $0 == "X" ? nil : $0 }
            return nil
        } catch {
            return error
        }
    }

    @Test func itListsEveryErrorWithItsCode() throws {
        let id = Array("1".utf8)
        let errors = [
            try Self.error(#""type":"foo""#), try Self.error(#""type":"subscribe""#),
            try Self.error(#""type":"subscribe","model":"X""#),
            try Self.error(#""type":"subscribe","model":"m""#),
            .unauthorized(id, "X", .list), .unknownInstance(id), .unknownSubscription(id),
        ]
        let rows = try self.rows("## Errors")
        #expect(rows.dropLast().map { $0[0] } == errors.map { "\($0?.code.rawValue ?? 0)" })
        #expect(rows.dropLast().map { Self.text($0[1]) } == errors.map { $0?.message })
        let codes = Set(rows.map { $0[0] })
        #expect(codes == Set(RestLive2Error.Code.allCases.map { "\($0.rawValue)" }))
    }

    @Test func itListsEveryActionOfEitherSide() throws {
        let answers = try self.rows("## From the server").map { MarkdownTable.code(in: $0[0])[0] }
        #expect(answers == Action.allCases.map { "\($0.name)" })
        let requests = try self.rows("## From the client")
        let row = try #require(requests.first { $0[0] == "`action`" })
        #expect(
            MarkdownTable.code(in: row[2])
                == RestLive2Request.Action.allCases.map(\.rawValue))
    }

    @Test func itNamesTheLimits() {
        #expect(
            self.document.contains("of at most \(RestLive2Request.idByteCountMax) bytes"))
        #expect(
            self.document.contains(
                "all have to hold: at most \(RequestLimits.default.conditionCountMax)"))
    }

    @Test func itsExamplesAreReadAndMade() throws {
        var sent = 0
        var received: [String] = []
        for line in self.document.split(separator: "\n") where line.hasPrefix("    ") {
            let text = line.dropFirst(7)
            if line.hasPrefix("    -> ") {
                let document = try JSONDocument(parsing: Array(text.utf8))
                #expect(try RestLive2Request(document) != nil)
                sent += 1
            } else {
                received.append(String(text))
            }
        }
        #expect(sent == 4)
        func frame(_ id: String, _ change: SetChange, _ instance: String) -> String {
            var renderer = RecordRenderer()
            var bytes: [UInt8] = []
            let form = RestLive2Form(id: Array(id.utf8), model: "todolist.Task")
            renderer.appendRestLive2Frame(
                SampleRecord(.updated, instance: instance).view, change, form, to: &bytes)
            return TextFrame.text(of: bytes)
        }
        var error: [UInt8] = []
        RestLive2Error.unknownSubscription([0x37]).appendFrame(to: &error)
        #expect(
            received == [
                frame("0", .updated, #"{"id":1,"text":"x"}"#), frame("1", .left, "{}"),
                TextFrame.text(of: error),
            ])
    }
}
