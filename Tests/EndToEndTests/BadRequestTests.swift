import Foundation
import NIOCore
import Testing

/// A request that is refused gets a precise answer, leaves no trace in the log and harms no one else.
@Suite struct BadRequestTests {
    @Test(.timeLimit(.minutes(2)), arguments: BadRequest.all)
    func badInputIsRefusedWithItsReasonAndNothingIsAppended(_ bad: BadRequest) async throws {
        try await withServer { server in
            let before = try await server.publish(lines: goodChange)
            let reply = try await server.exchange(bad.request)

            #expect(reply.status == bad.status, "\(reply.status): \(reply.body)")
            #expect(reply.headers["content-type"]?.hasPrefix("application/problem+json") == true)
            let problem = try JSONDecoder().decode(Problem.self, from: Data(reply.body.utf8))
            #expect(problem.status == reply.status)
            #expect(problem.code.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil)
            #expect(!problem.title.isEmpty && !problem.detail.isEmpty)
            #expect(problem.code == bad.code)
            #expect(problem.line == bad.line)

            let after = try await server.publish(lines: goodChange)
            #expect(after.first == before.last + 1, "something of the refused request was appended")
        }
    }
}

private let goodChange = #"{"model":"m","action":"UPDATED","instance":{"id":1}}"#

/// A request, and the answer it must get.
struct BadRequest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let request: RawRequest
    let status: Int
    let code: String
    /// The line that is to blame; the first where the body is refused before it is read.
    let line: Int

    /// Two good lines and then this one, so that an answer that blames the first line is found out.
    private static func thirdLine(
        _ name: String, _ line: some Sequence<UInt8>, _ status: Int, _ code: String
    ) -> BadRequest {
        let body = Array("\(goodChange)\n\(goodChange)\n".utf8) + line + Array("\n".utf8)
        return BadRequest(
            testDescription: name, request: .publish(body), status: status, code: code, line: 3)
    }

    private static func change(_ instance: String) -> String.UTF8View {
        #"{"model":"m","action":"UPDATED","instance":\#(instance)}"#.utf8
    }

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    private static let hundredMegabytes = 100_000_000
    private static let megabyte = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1_000_000)

    static let all: [BadRequest] = [
        thirdLine(
            "malformed JSON", #"{"model":"m","instance":{"id":1}"#.utf8, 400, "malformed-json"),
        thirdLine("not JSON at all", "hello".utf8, 400, "malformed-json"),
        thirdLine(
            "missing model", #"{"action":"UPDATED","instance":{"id":1}}"#.utf8, 422, "missing-model"
        ),
        thirdLine(
            "unknown action", #"{"model":"m","action":"MOVED","instance":{"id":1}}"#.utf8, 422,
            "unknown-action"),
        thirdLine("no primary key", change(#"{"text":"x"}"#), 422, "missing-key"),
        thirdLine("an array as the instance", change("[1]"), 422, "invalid-instance"),
        thirdLine(
            "a number beyond every range", change(#"{"id":1,"n":1e400}"#), 400,
            "number-out-of-range"),
        thirdLine("duplicate members", change(#"{"id":1,"id":2}"#), 400, "duplicate-key"),
        thirdLine(
            "invalid UTF-8",
            Array(change(#"{"id":1,"text":""#)) + [0xff, 0xfe] + Array(#""}}"#.utf8), 400,
            "invalid-utf8"),
        thirdLine(
            "nesting 10,000 deep", change(#"{"id":1,"deep":\#(nested(10_000))}"#), 400,
            "nesting-too-deep"),
        BadRequest(
            testDescription: "wrong content type",
            request: .publish(goodChange.utf8, contentType: "text/plain"), status: 415,
            code: "unsupported-media-type", line: 1),
        BadRequest(
            testDescription: "a 100 MB line of stated length",
            request: RawRequest(
                head: RawRequest.publishHead(
                    contentType: "application/x-ndjson", length: hundredMegabytes),
                body: megabyte, repeats: 100),
            status: 413, code: "body-too-large", line: 1),
        BadRequest(
            testDescription: "a 100 MB line in chunks",
            request: RawRequest(
                head: """
                    POST /v1/changes HTTP/1.1\r
                    Host: livelog\r
                    Content-Type: application/x-ndjson\r
                    Transfer-Encoding: chunked\r

                    """,
                body: ByteBuffer(string: "f4240\r\n\(String(buffer: megabyte))\r\n"), repeats: 100),
            status: 413, code: "body-too-large", line: 1),
        BadRequest(
            testDescription: "a body that ends early",
            request: RawRequest(
                head: RawRequest.publishHead(contentType: "application/x-ndjson", length: 1_000),
                body: ByteBuffer(string: goodChange + "\n"), shutsDown: true),
            status: 400, code: "body-incomplete", line: 2),
    ]
}
