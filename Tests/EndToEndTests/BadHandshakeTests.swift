import Foundation
import NIOCore
import NIOPosix
import Testing

/// A first request that cannot be read, or become the WebSocket that it asks for, is told why. It used to be met with
/// silence until the server gave up waiting.
@Suite struct BadHandshakeTests {
    /// A request's head, and the answer that it must get.
    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let head: String
        let status: Int
        let code: String
    }

    private static let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    private static let version = "Sec-WebSocket-Version: 13"
    private static let upgrade = ["Connection: Upgrade", "Upgrade: websocket"]

    private static func request(
        _ fields: [String] = [], line: String = "GET /ws/subscribe/ HTTP/1.1"
    ) -> String {
        ([line, "Host: livelog"] + fields).map { $0 + "\r\n" }.joined()
    }

    private static func noHandshake(_ name: String, _ head: String) -> Refused {
        Refused(testDescription: name, head: head, status: 426, code: "upgrade-required")
    }

    static let refused: [Refused] = [
        noHandshake("a plain GET", request()),
        noHandshake("no key", request(upgrade + [version])),
        noHandshake("a short key", request(upgrade + [version, String(key.dropLast())])),
        noHandshake("two keys", request(upgrade + [version, key, key])),
        noHandshake("no version", request(upgrade + [key])),
        noHandshake("version 8", request(upgrade + [key, "Sec-WebSocket-Version: 8"])),
        noHandshake(
            "a POST", request(upgrade + [version, key], line: "POST /ws/subscribe/ HTTP/1.1")),
        noHandshake("no Connection", request(["Upgrade: websocket", version, key])),
        noHandshake("another protocol", request(["Connection: Upgrade", "Upgrade: h2c"])),
        noHandshake(
            "no subprotocol to publish with",
            request(upgrade + [version, key], line: "GET /ws/publish/ HTTP/1.1")),
        Refused(
            testDescription: "a web page that would publish",
            head: request(
                upgrade + [
                    version, key, "Sec-WebSocket-Protocol: livelog.producer.v1",
                    "Origin: https://example.org",
                ]), status: 403, code: "origin-not-allowed"),
        Refused(
            testDescription: "no HTTP", head: "hello\r\n", status: 400, code: "malformed-request"),
        Refused(
            testDescription: "a method that there is not",
            head: request(line: "GRAB /v1/changes HTTP/1.1"), status: 400, code: "malformed-request"
        ),
        Refused(
            testDescription: "more fields than a head may have",
            head: request(
                (0..<100).map { "X-\($0): 1" }, line: "GET /healthz HTTP/1.1"), status: 431,
            code: "head-too-large"),
        Refused(
            testDescription: "a field that is too long",
            head: request(
                ["X: " + String(repeating: "x", count: 100_000)], line: "GET /healthz HTTP/1.1"),
            status: 431, code: "head-too-large"),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: refused)
    func itIsAnsweredWithAProblem(_ refused: Refused) async throws {
        try await withServer { server in
            let request = RawRequest(head: refused.head, body: ByteBuffer())
            let reply = try await server.exchange(request)
            #expect(reply.status == refused.status, "\(reply.body)")
            #expect(reply.headers["content-type"] == "application/problem+json")
            let problem = try JSONDecoder().decode(Problem.self, from: Data(reply.body.utf8))
            #expect(problem.code == refused.code && problem.status == refused.status)
            if reply.status == 426 {
                #expect(reply.headers["upgrade"] == "websocket")
                #expect(reply.headers["sec-websocket-version"] == "13")
            }
            let metrics = try await server.metrics()
            let name = "livelog_refused_total"
            #expect(metrics["\(name){way=\"http\",code=\"\(refused.code)\"}"] == 1)
        }
    }

    /// Only the first request of a connection can become a WebSocket; a later one, as a proxy might send it over a
    /// connection that it keeps, is told so. What cannot be read there is told as well.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (RawRequest.handshake("/ws/subscribe/").head, 426), ("hello\r\n", 400),
            (request((0..<100).map { "X-\($0): 1" }, line: "GET /healthz HTTP/1.1"), 431),
        ])
    func aLaterRequestIsAnsweredAsWell(_ head: String, _ status: Int) async throws {
        try await withServer { server in
            let client = try await server.connect()
            try await client.executeThenClose { inbound, outbound in
                var pieces = inbound.makeAsyncIterator()
                try await outbound.write(
                    ByteBuffer(string: Self.request(line: "GET /healthz HTTP/1.1") + "\r\n"))
                var answer = ""
                while !answer.hasSuffix("ok\n"), let piece = try await pieces.next() {
                    answer += String(buffer: piece)
                }
                try await outbound.write(ByteBuffer(string: head + "\r\n"))
                answer = ""
                while !answer.hasSuffix("}\n"), let piece = try await pieces.next() {
                    answer += String(buffer: piece)
                }
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
                #expect(answer.contains("application/problem+json"))
            }
        }
    }
}

extension LivelogServer {
    /// A connection on which nothing was said yet.
    func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
    }
}
