import NIOCore
import Testing

/// Requests of which a proxy and this server could think differently where they end, byte by byte (RFC 9112 section 11.2).
@Suite struct HostileRequestTests {
    /// What is sent before a request that must never be answered.
    private struct Hostile {
        let name: String
        let request: String
        var status = 400

        init(_ name: String, _ request: String, _ status: Int = 400) {
            self.name = name
            self.request = request
            self.status = status
        }
    }

    private static let change = #"{"model":"m","action":"UPDATED","instance":{"id":1}}"#
    private static let count = change.utf8.count
    private static let hexCount = String(count, radix: 16)

    private static func post(_ fields: [String], _ body: String, version: String = "1.1") -> String
    {
        (["POST /v1/changes HTTP/\(version)", "Host: l", "Content-Type: application/json"] + fields)
            .map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    private static func chunked(_ body: String, _ field: String = "Transfer-Encoding: chunked")
        -> String
    {
        post([field], body)
    }

    private static func get(
        _ fields: [String] = [], line: String = "GET /healthz HTTP/1.1",
        host: [String] = ["Host: l"]
    ) -> String {
        ([line] + host + fields).map { $0 + "\r\n" }.joined() + "\r\n"
    }

    private static let end = "0\r\n\r\n"
    private static let long = String(repeating: "x", count: 200_000)

    private static let lengths: [Hostile] = [
        Hostile(
            "a length and chunks",
            post(["Content-Length: 4", "Transfer-Encoding: chunked"], end)),
        Hostile(
            "chunks and a length",
            post(["Transfer-Encoding: chunked", "Content-Length: 4"], end)),
        Hostile(
            "a length twice",
            post(["Content-Length: \(count)", "Content-Length: \(count)"], change)),
        Hostile("two lengths", post(["Content-Length: \(count)", "Content-Length: 0"], change)),
        Hostile("a list of lengths", post(["Content-Length: \(count), \(count)"], change)),
        Hostile("a length below nothing", post(["Content-Length: -1"], "")),
        Hostile("a length with a sign", post(["Content-Length: +\(count)"], change)),
        Hostile("a length of hexadecimal digits", post(["Content-Length: 0x34"], change)),
        Hostile("a length beyond numbers", post(["Content-Length: 99999999999999999999"], "")),
        Hostile("a length that is empty", post(["Content-Length: "], "")),
    ]

    private static let codings: [Hostile] = [
        Hostile(
            "a coding twice",
            post(["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], end)),
        Hostile("a list of codings", chunked(end, "Transfer-Encoding: chunked, chunked")),
        Hostile("an unknown coding before", chunked(end, "Transfer-Encoding: gzip, chunked")),
        Hostile("an unknown coding", chunked(end, "Transfer-Encoding: gzip")),
        Hostile("no coding", chunked(end, "Transfer-Encoding: identity")),
        Hostile("nearly a coding", chunked(end, "Transfer-Encoding: xchunked")),
        Hostile("a control character before it", chunked(end, "Transfer-Encoding: \u{0B}chunked")),
        Hostile("a space before its colon", chunked(end, "Transfer-Encoding : chunked")),
        Hostile(
            "chunks of HTTP/1.0", post(["Transfer-Encoding: chunked"], end, version: "1.0")),
        Hostile("a chunk's length that is none", chunked("zz\r\n")),
        Hostile("a chunk's length beyond numbers", chunked("fffffffffffffffff\r\n")),
        Hostile("a chunk's length below nothing", chunked("-1\r\n")),
        Hostile("a chunk that is longer", chunked("\(hexCount)\r\n\(change)0\r\n\r\n")),
        Hostile(
            "a chunk's length that ends with LF", chunked("\(hexCount)\n\(change)\r\n\(end)")),
        Hostile(
            "fields behind the body without end",
            chunked("\(hexCount)\r\n\(change)\r\n0\r\n" + String(repeating: "X: y\r\n", count: 100))
        ),
    ]

    private static let heads: [Hostile] = [
        Hostile("lines that end with LF", "GET /healthz HTTP/1.1\nHost: l\n\n"),
        Hostile("a CR within a field", get(["X: a\rY: b"])),
        Hostile("a space before a colon", get(["X : a"])),
        Hostile("a folded field", get(["X: a\r\n b"])),
        Hostile("a NUL within a field", get(["X: a\u{00}b"])),
        Hostile("a NUL within the target", get(line: "GET /a\u{00}b HTTP/1.1")),
        Hostile("a control character in a name", get(["X\u{01}: a"])),
        Hostile("no name", get([": a"])),
        Hostile("no host", get(host: [])),
        Hostile("two hosts", get(host: ["Host: a", "Host: b"])),
        Hostile("another server's target", get(line: "GET http://other/healthz HTTP/1.1")),
        Hostile("a tunnel", get(line: "CONNECT other:80 HTTP/1.1")),
        Hostile("a space in the target", get(line: "GET /a b HTTP/1.1")),
        Hostile("another version", get(line: "GET /healthz HTTP/1.2")),
        Hostile("no version", get(line: "GET /healthz")),
        Hostile("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Hostile("65 fields", get((0..<64).map { "X\($0): y" }), 431),
        Hostile("a field that is too long", get(["X: \(long)"]), 431),
        Hostile(
            "fields that are too long together",
            get((0..<10).map { "X\($0): \(long.prefix(9900))" }), 431),
        Hostile("a line that does not end", get(line: "GET /\(long) HTTP/1.1"), 431),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: ["lengths", "codings", "heads"])
    func nothingIsReadBehindThem(_ table: String) async throws {
        let all = ["lengths": Self.lengths, "codings": Self.codings, "heads": Self.heads]
        try await withServer { server in
            for hostile in all[table] ?? [] {
                // As the first request of a connection, and as a later one.
                for before in ["", Self.get()] {
                    let sent = before + hostile.request + Self.get(line: "GET /smuggled HTTP/1.1")
                    let connection = try await HeldConnection(
                        to: server.port, sending: ByteBuffer(string: sent))
                    let answer = String(decoding: try await connection.receiveAll(), as: UTF8.self)
                    #expect(!answer.contains("/smuggled"), "\(hostile.name)")
                    let statuses = answer.matches(of: #/HTTP/1\.1 ([0-9]{3}) /#).map { $0.1 }
                    let expected = (before.isEmpty ? [] : ["200"]) + ["\(hostile.status)"]
                    #expect(statuses.map(String.init) == expected, "\(hostile.name): \(answer)")
                }
            }
            // It is still there, and nothing of all that was published.
            #expect(try await server.exchange(.get("/healthz")).status == 200)
            #expect(try await server.metrics()["livelog_append_records_total"] == 0)
        }
    }

    /// What is long or strange, and can be read all the same.
    @Test(.timeLimit(.minutes(1))) func whatIsReadIsReadToItsEnd() async throws {
        try await withServer { server in
            let zipped = Self.post(
                ["Content-Encoding: gzip", "Content-Length: \(Self.count)"], Self.change)
            let extended = "\(Self.hexCount);\(Self.long)\r\n\(Self.change)\r\n\(Self.end)"
            for (request, status) in [
                (zipped, 415), (Self.chunked(extended), 200),
                (Self.chunked(extended, "transfer-encoding:\tchunked"), 200),
                (Self.get(line: "GET /\(Self.long.prefix(65_536)) HTTP/1.1"), 414),
                (Self.get((0..<63).map { "X\($0): y" }), 200),
                (Self.get(["X: \(Self.long.prefix(9000))"]), 200),
                (Self.get(line: "OPTIONS * HTTP/1.1"), 404), ("\r\n" + Self.get(), 200),
            ] {
                let sent = request + Self.get(["Connection: close"])
                let connection = try await HeldConnection(
                    to: server.port, sending: ByteBuffer(string: sent))
                let answer = String(decoding: try await connection.receiveAll(), as: UTF8.self)
                let statuses = answer.matches(of: #/HTTP/1\.1 ([0-9]{3}) /#).map { $0.1 }
                #expect(statuses == ["\(status)", "200"], "\(request.prefix(200)): \(answer)")
            }
        }
    }
}
