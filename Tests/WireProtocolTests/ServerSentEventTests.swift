import LogFormat
import LogModel
import TestSupport
import Testing
import WireProtocol

/// What a browser makes of the events, whatever the records and messages are.
struct ServerSentEventTests {
    @Test func recordsWithLineEndsInTheirStringsStayOneLineOfData() throws {
        var random = SeededGenerator.ofThisRun()
        let seed = random.description
        for _ in 0..<300 {
            let key = Self.text(&random)
            var writer = RandomJSON(seed: random.next())
            let instance = JSONText.minified(Array(writer.object(depth: 0).utf8)[...])
            guard (try? JSONDocument(parsing: instance)) != nil else { continue }
            let sample = SampleRecord(
                .updated, key: .string(key), instance: String(decoding: instance, as: UTF8.self))
            var renderer = RecordRenderer()
            var records: [UInt8] = []
            renderer.appendLivelog1(sample.view, .entered, to: &records)
            records.append(Dialect.serverSentEvents.recordSeparator)
            renderer.appendLivelog1(sample.view, .left, to: &records)
            var stream: [UInt8] = []
            Dialect.serverSentEvents.appendChanges(1, records: records, token: "T", to: &stream)
            let events = ReadEvent.all(in: stream)
            try #require(events.count == 1, "\(seed)")
            #expect(events[0].name == "changes", "\(seed)")
            #expect(events[0].id == "T", "\(seed)")
            let json = #"{"records":[\#(String(decoding: records, as: UTF8.self))]}"#
            #expect(events[0].data == json, "\(seed)")
            let document = try JSONDocument(parsing: Array(json.utf8))
            let list = try #require(document.member("records", of: document.root))
            let first = try #require(document.elements(of: list).first)
            #expect(document.member("key", of: first).flatMap(document.string) == key, "\(seed)")
        }
    }

    @Test func messagesWithLineEndsStayOneLineOfDataAndOneLineOfNDJSON() throws {
        var random = SeededGenerator.ofThisRun()
        let seed = random.description
        for _ in 0..<300 {
            let message = Self.text(&random)
            let reason = random.pick(ResetReason.allCases)
            var stream: [UInt8] = []
            Dialect.serverSentEvents.appendReset(1, reason: reason, message: message, to: &stream)
            let events = ReadEvent.all(in: stream)
            try #require(events.count == 1, "\(seed)")
            #expect(events[0].name == "reset" && events[0].id == nil, "\(seed)")
            let document = try JSONDocument(parsing: Array(events[0].data.utf8))
            let read = document.member("message", of: document.root).flatMap(document.string)
            #expect(read == message, "\(seed)")

            var lines: [UInt8] = []
            Dialect.ndjson.appendReset(1, reason: reason, message: message, to: &lines)
            #expect(lines.count { $0 == 0x0A } == 1 && lines.last == 0x0A, "\(seed)")
            #expect(!lines.contains(0x0D), "\(seed)")
        }
    }

    @Test func onlyWhatIsWholeHasAnIdToResumeFrom() {
        var stream: [UInt8] = []
        let dialect = Dialect.serverSentEvents
        dialect.appendSubscribedWithSnapshot(0, plan: .scan, reason: .requested, to: &stream)
        dialect.appendSnapshot(0, records: [], token: nil, isPartial: false, to: &stream)
        dialect.appendSnapshot(0, records: [], token: "A", isPartial: false, to: &stream)
        dialect.appendChanges(0, records: [], token: nil, to: &stream)
        dialect.appendChanges(0, records: [], token: "B", to: &stream)
        dialect.appendCovered(0, token: "C", isLive: true, to: &stream)
        let events = ReadEvent.all(in: stream)
        #expect(events.map(\.id) == [nil, nil, "A", nil, "B", "C"])
        #expect(events.map(\.retry) == [1000, nil, nil, nil, nil, nil])
        #expect(
            events.map(\.name)
                == ["subscribed", "snapshot", "snapshot", "changes", "changes", "covered"])
    }

    /// Text with everything that could end a line.
    private static func text(_ random: inout SeededGenerator) -> String {
        let pieces = [
            "\r", "\n", "\r\n", "\u{2028}", "\u{85}", "\u{0}", "\u{B}", "data: ", "id: x", "a", "é",
            "\"", "\\",
        ]
        return (0..<random.below(8)).map { _ in random.pick(pieces) }.joined()
    }
}
