import Foundation
import LogModel
import Sessions
import Testing
import WireProtocol

/// The golden transcript of `livelog.producer.v1`: what goes in and what must come out, byte for byte.
struct ProducerTranscriptTests {
    @Test func theServerSaysWhatTheTranscriptSays() throws {
        var fixture = ProducerFixture()
        var heard: [String] = []
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/protocol/producer-v1.transcript").standardized
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let content = String(line.dropFirst(3))
            switch line.prefix(2) {
            case "->": fixture.receive(content)
            case "..": try Self.answer(content, &fixture)
            case "<-":
                if heard.isEmpty { heard = fixture.takeMessages() }
                #expect((heard.isEmpty ? nil : heard.removeFirst()) == content)
            case "==":
                let ending = try #require(fixture.session.closing)
                #expect("\(ending.code.rawValue) \(ending.reason)" == content)
            default: #expect(line.hasPrefix("#"))
            }
            if line.hasPrefix("->") || line.hasPrefix("..") {
                #expect(heard.isEmpty, "more was said than the transcript has before: \(line)")
            }
        }
        #expect(fixture.takeMessages().isEmpty && heard.isEmpty)
        #expect(fixture.session.closing != nil)
    }

    private static func answer(_ text: String, _ fixture: inout ProducerFixture) throws {
        let parts = text.split(separator: " ", maxSplits: 2)
        let number = try #require(UInt64(parts[0]))
        if let first = UInt64(parts[1]) {
            let rest = parts[2].split(separator: " ")
            fixture.session.acknowledge(
                number,
                Receipt(
                    epoch: ProducerFixture.epoch, first: Offset(first),
                    last: Offset(try #require(UInt64(rest[0]))), isDurable: true,
                    isRepeated: rest.count > 1))
        } else {
            fixture.session.fail(
                number,
                Producer1Refusal(
                    code: String(parts[1]), message: String(parts[2].dropFirst().dropLast())),
                with: .tryAgainLater, reason: String(parts[1]))
        }
    }
}
