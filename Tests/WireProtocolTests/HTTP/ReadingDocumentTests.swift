import LogModel
import TestSupport
import Testing
import WireProtocol

/// The description of reading over HTTP says what the code does, and all of it.
@Suite struct ReadingDocumentTests {
    private static let changes = "## `GET /v1/changes`"
    private static let models = [
        ("## `GET /v1/models/MODEL`", "/v1/models/m"),
        ("## `GET /v1/models/MODEL/KEY`", "/v1/models/m/1"),
        ("## `GET /v1/models/MODEL/KEY/history`", "/v1/models/m/1/history"),
    ]

    private let document: String

    init() throws {
        self.document = try RepositoryFile.text("docs/protocol/reading.md")
    }

    @Test func itListsEveryParameterAndNoOther() throws {
        let rows = try self.tables(Self.changes)[0].rows
        let all = MarkdownTable.code(in: rows.map { $0[0] }.joined())
        let ofStreams = rows.filter { !$0[1].contains("pages only") }.map { $0[0] }.joined()
        #expect(try Self.parameters(of: .json).sorted() == all.sorted())
        for form in [AcceptedForm.ndjson, .serverSentEvents] {
            let known = try Self.parameters(of: form)
            #expect(known.sorted() == MarkdownTable.code(in: ofStreams).sorted())
        }
        for (heading, path) in Self.models {
            let problem = Self.problem { () throws(Problem) in
                _ = try ModelsQuery(path: path, query: "colour=red")
            }
            #expect(try self.tables(heading)[0].codes == Self.names(in: problem))
        }
    }

    @Test func itNamesTheLimits() throws {
        let page = try #require(try? ChangesQuery("model=m", form: .json))
        let rows = try self.tables(Self.changes)[0].rows.filter { $0[1].contains("pages only") }
        let limitMax = "\(ChangesQuery.limitMax / 1000),000"
        #expect(rows[0][1].hasSuffix("default: \(page.limit)"))
        #expect(rows[0][2] == "records of a page, 1 to \(limitMax)")
        #expect(rows[1][2].hasSuffix(", 0 to \(ChangesQuery.waitSecondsMax)"))
        let history = try self.tables(Self.models[2].0)[0].rows
        #expect(history[1][2] == "records of the answer, 1 to \(limitMax)")
    }

    @Test func itListsEveryForm() throws {
        let tables = try self.tables(Self.changes)
        try #require(tables.count == 2)
        let forms = tables[1].rows.map { row in
            Set(MarkdownTable.code(in: row[0]).map { AcceptedForm(accept: [$0]) })
        }
        #expect(forms == AcceptedForm.allCases.map { [$0] })
    }

    /// Every code that stands in the sources of the routes, with the status that stands there.
    @Test func itListsEveryCodeWithItsStatusAndNoOther() throws {
        var known: Set<String> = []
        for file in Self.sources {
            let source = try RepositoryFile.text(file)
            for match in source.matches(of: /status: (\d+), code: "([a-z-]+)"/) {
                known.insert("\(match.1) \(match.2)")
            }
            for match in source.matches(of: /Problem\(\s*reading: "([a-z-]+)"/) {
                known.insert("400 \(match.1)")
            }
            for match in source.matches(of: /query\.number\(\s*"([a-z]+)"/) {
                known.insert("400 invalid-\(match.1)")
            }
            for match in source.matches(of: /notFound\(\s*"([a-z-]+)"/) {
                known.insert("404 \(match.1)")
            }
        }
        // What one client may have is told on every way in; this one is for who publishes.
        let admission = try RepositoryFile.text("Sources/Transport/Admission/Admission.swift")
        let limits = try #require(admission.firstMatch(of: /tooManyCodes = \[([^\]]*)\]/))
        for match in limits.1.matches(of: /"([a-z-]+)"/) where match.1 != "publishing-too-fast" {
            known.insert("429 \(match.1)")
        }
        for code in RequestErrorCode.allCases where !Self.ofMessages.contains(code) {
            known.insert("\(code == .forbidden ? 403 : 400) \(code.rawValue)")
        }
        for reason in ResetReason.allCases {
            known.insert("\(reason == .snapshotTooLarge ? 413 : 410) \(reason.rawValue)")
        }
        // What a read of the log can throw besides `retained`.
        let errors = try RepositoryFile.text("Sources/LogStorage/StorageError.swift")
        for match in errors.matches(of: /case (corrupt|io) = "([a-z-]+)"/) {
            known.insert("\(match.1 == "io" ? 503 : 500) \(match.2)")
        }
        let listed = try self.tables("## Errors")[0].rows.flatMap { row in
            MarkdownTable.code(in: row[1]).map { "\(row[0]) \($0)" }
        }
        #expect(listed.sorted() == known.sorted())
    }

    @Test func itsCommandsAreUnderstood() throws {
        let commands = self.document.split(separator: "\n").filter { $0.hasPrefix("    curl ") }
        #expect(commands.count >= 6)
        for command in commands {
            let url = try #require(
                command.firstMatch(of: /'http:\/\/127\.0\.0\.1:8080([^?']*)\??([^']*)'/))
            let (path, query) = (String(url.1), String(url.2))
            let accept = command.firstMatch(of: /'Accept: ([^']*)'/).map { String($0.1) }
            #expect(throws: Never.self) {
                if path == "/v1/changes" {
                    let form = try #require(AcceptedForm(accept: accept.map { [$0] } ?? []))
                    _ = try ChangesQuery(query, form: form)
                } else {
                    _ = try #require(try ModelsQuery(path: path, query: query))
                }
            }
        }
    }

    @Test func itsExamplesOfAnswersAreWhatTheServerMakes() throws {
        let record = Self.record
        let filter = Filter(
            model: "todolist.Task", conditions: [Condition("list_id", .isIn([.number(42)]))])
        let next = ChangesQuery(SubscriptionRequest(filter: filter)).page(from: Transcript.token(1))
        let token = Transcript.token(1).text
        let part = ModelsQuery.historyPath(
            model: "todolist.Task", key: "1", from: Offset(2), limit: 1)
        let dated = record.dropLast() + Array(#","time":"2026-11-23T10:00:00Z"}"#.utf8)
        for body in [
            PageJSON.changes(record, token: token, next: next, isClosed: false),
            PageJSON.state(record, token: token, next: next, isPartial: false),
            PageJSON.history(Array(dated), next: part, isPartial: false),
            try Self.stream(.ndjson), try Self.stream(.serverSentEvents),
        ] {
            let lines = String(decoding: body, as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false)
            var block = lines.map { $0.isEmpty ? "" : "    \($0)" }.joined(separator: "\n")
            while block.hasSuffix("\n") { block.removeLast() }
            let isThere = self.document.contains("\n\n\(block)\n\n")
            #expect(isThere, "\(block)")
        }
    }

    @Test func itListsEveryEventAndEveryMember() throws {
        let events = try self.tables("### Streams")[0].rows
        let names = try String(decoding: Self.everyEvent(), as: UTF8.self).split(separator: "\n")
        let found = names.filter { $0.hasPrefix("event: ") }.map { "`\($0.dropFirst(7))`" }
        #expect(events.map { $0[0] } == found)
        let members = ["records", "token", "closed", "next", "partial"]
        #expect(try self.tables("### Pages")[0].codes == members)
        #expect(
            try self.tables(Self.models[0].0)[1].codes == members.filter { $0 != "closed" })
        #expect(try self.tables(Self.models[2].0)[1].codes == ["records", "next", "partial"])
    }

    // MARK: - What the code says

    private static let sources =
        ["ChangesReadRoute", "ModelsRoute", "ReadingPool", "ReadingPool+Decisions", "TargetLimit"]
        .map {
            "Sources/Transport/HTTP/\($0).swift"
        }
        + ["ServerRoutes", "TailRoom"].map {
            "Sources/Transport/\($0).swift"
        }
        + ["ChangesQuery", "ModelsQuery", "ReadingQuery"].map {
            "Sources/WireProtocol/HTTP/\($0).swift"
        }

    /// What only messages can be refused for.
    private static let ofMessages: Set<RequestErrorCode> = [
        .notText, .unknownMessage, .unknownMember, .invalidID, .duplicateSubscription,
        .unknownSubscription, .tooManySubscriptions, .unknownOperator, .unauthenticated,
    ]

    private static func problem(_ body: () throws(Problem) -> Void) -> Problem? {
        do throws(Problem) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private static func parameters(of form: AcceptedForm) throws -> [String] {
        try self.names(
            in: self.problem { () throws(Problem) in
                _ = try ChangesQuery("model=m&colour=red", form: form)
            })
    }

    /// The names that a refusal of an unknown parameter lists.
    private static func names(in problem: Problem?) throws -> [String] {
        let list = try #require(problem?.detail.split(separator: "; there are ").last)
        return list.split(separator: ", ").map(String.init)
    }

    private static var record: [UInt8] {
        var renderer = RecordRenderer()
        var json: [UInt8] = []
        let sample = SampleRecord(instance: #"{"id":1,"list_id":42}"#)
        renderer.appendLivelog1(sample.view, .entered, to: &json)
        return json
    }

    private static func stream(_ dialect: Dialect) throws -> [UInt8] {
        var bytes: [UInt8] = []
        dialect.appendSubscribed(0, token: Transcript.token(0).text, plan: .group, to: &bytes)
        let token = Transcript.token(1).text
        dialect.appendChanges(0, records: self.record, token: token, to: &bytes)
        dialect.appendCovered(0, token: token, isLive: true, to: &bytes)
        return bytes
    }

    /// One event of each name.
    private static func everyEvent() throws -> [UInt8] {
        let dialect = Dialect.serverSentEvents
        var bytes: [UInt8] = []
        dialect.appendSubscribed(0, token: "t", plan: .group, to: &bytes)
        dialect.appendChanges(0, records: self.record, token: "t", to: &bytes)
        dialect.appendSnapshot(0, records: self.record, token: "t", isPartial: true, to: &bytes)
        dialect.appendCovered(0, token: "t", isLive: true, to: &bytes)
        dialect.appendReset(0, reason: .epoch, message: "m", to: &bytes)
        return bytes
    }

    // MARK: - What the document says

    private func tables(_ heading: String) throws -> [MarkdownTable] {
        let tables = MarkdownTable.all(in: self.document, below: heading)
        try #require(!tables.isEmpty, "\(heading)")
        return tables
    }
}
