import Foundation
import NIOCore
import Testing

/// How much of a server one client may have, and how often.
@Suite struct AdmissionTests {
    private static let change = #"{"model":"m","action":"UPDATED","instance":{"id":1}}"#

    /// A server with limits, whose models are open to everybody, and an API key for them.
    private func withLimits(
        _ limits: [String], proxies: String = "[]",
        _ body: (LivelogServer, _ key: String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "livelog.yaml")
            let lines = limits.map { "  \($0)\n" }.joined()
            try """
            unlisted_models: open
            api_keys: keys.jsonl
            trusted_proxies: \(proxies)
            limits:
            \(lines)
            """.write(to: file, atomically: true, encoding: .utf8)
            let key = try await ChildProcess(
                Places.livelog,
                [
                    "keys", "make", "--file", directory.appending(path: "keys.jsonl").path,
                    "--label", "test", "--action", "read", "--action", "publish",
                ]
            ).output().joined()
            try await withServer(in: directory, options: ["--config", file.path]) {
                try await body($0, key)
            }
        }
    }

    private static func request(
        _ base: RawRequest, bearer: String? = nil, from address: String? = nil
    ) -> RawRequest {
        var request = base
        if let bearer { request.head += "Authorization: Bearer \(bearer)\r\n" }
        if let address { request.head += "X-Forwarded-For: \(address)\r\n" }
        return request
    }

    private static func code(of reply: RawReply) throws -> String {
        try JSONDecoder().decode(Problem.self, from: Data(reply.body.utf8)).code
    }

    @Test(.timeLimit(.minutes(1))) func anAddressHasSoManyConnections() async throws {
        try await withLimits(["connections_per_address: 2"]) { server, _ in
            let first = try await server.hold(.get("/healthz"))
            let second = try await server.hold(.handshake("/ws/subscribe/"))
            #expect(first.head.hasPrefix("HTTP/1.1 200"))
            #expect(second.head.hasPrefix("HTTP/1.1 101"))
            // Whoever comes next is told, a WebSocket before it is one.
            for request in [RawRequest.get("/healthz"), .handshake("/ws/subscribe/")] {
                let reply = try await server.exchange(request)
                #expect(reply.status == 429)
                #expect(try Self.code(of: reply) == "too-many-connections")
                #expect(reply.headers["retry-after"] == "5")
                #expect(reply.headers["connection"] == "close")
            }
            try await second.connection.close()
            var reply = try await server.exchange(.get("/healthz"))
            // That it is closed may come later than what is asked next.
            for _ in 0..<1000 where reply.status != 200 {
                reply = try await server.exchange(.get("/healthz"))
            }
            #expect(reply.status == 200)
            try await first.connection.close()
            var metrics: [String: Double]?
            for _ in 0..<1000 where metrics == nil { metrics = try? await server.metrics() }
            let name = #"livelog_refused_total{way="http",code="too-many-connections"}"#
            #expect((metrics?[name] ?? 0) >= 2)
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoComesOnAfterThatIsTurnedAway() async throws {
        try await withLimits(["connections_per_address: 2"]) { server, _ in
            var held: [HeldConnection] = []
            for _ in 0..<2 { held.append(try await server.hold(.get("/healthz")).connection) }
            // Two more may be there to be told, and say nothing yet.
            for _ in 0..<2 {
                let silent = try await HeldConnection(to: server.port, sending: ByteBuffer())
                held.append(silent)
            }
            let turnedAway = try await HeldConnection(
                to: server.port, sending: ByteBuffer(string: "GET /healthz HTTP/1.1\r\n"))
            #expect(try await turnedAway.receiveAll() == [])
            for connection in held { try await connection.close() }
        }
    }

    @Test(.timeLimit(.minutes(1))) func behindATrustedProxyEachClientCounts() async throws {
        try await withLimits(["connections_per_address: 1"], proxies: "[127.0.0.1]") { server, _ in
            func socket(_ address: String) -> RawRequest {
                Self.request(.handshake("/ws/subscribe/"), from: address)
            }
            let first = try await server.hold(socket("203.0.113.1"))
            #expect(first.head.hasPrefix("HTTP/1.1 101"))
            // Whatever it writes before what the proxy adds.
            let refused = try await server.exchange(socket("203.0.113.9, 203.0.113.1"))
            #expect(refused.status == 429)
            let other = try await server.hold(socket("203.0.113.2"))
            #expect(other.head.hasPrefix("HTTP/1.1 101"))
            let stream = Self.request(
                .get("/v1/changes?model=m&from=now"), from: "203.0.113.1")
            var events = stream
            events.head += "Accept: text/event-stream\r\n"
            #expect(try await server.exchange(events).status == 429)
            // The proxy's own connections do not.
            #expect(try await server.exchange(stream).status == 200)
            for held in [first, other] { try await held.connection.close() }
        }
    }

    @Test(.timeLimit(.minutes(1))) func aPrincipalHasSoManySessions() async throws {
        try await withLimits(["connections_per_principal: 1"]) { server, key in
            let handshake = RawRequest.handshake("/ws/subscribe/")
            let first = try await server.hold(Self.request(handshake, bearer: key))
            #expect(first.head.hasPrefix("HTTP/1.1 101"))
            let refused = try await server.exchange(Self.request(handshake, bearer: key))
            #expect(refused.status == 429)
            #expect(try Self.code(of: refused) == "too-many-connections")
            // Requests are no sessions, and nobody in particular has as many as they like.
            let page = RawRequest.get("/v1/changes?model=m&from=now")
            #expect(try await server.exchange(Self.request(page, bearer: key)).status == 200)
            let nobody = try await server.hold(handshake)
            #expect(nobody.head.hasPrefix("HTTP/1.1 101"))
            for held in [first, nobody] { try await held.connection.close() }
        }
    }

    @Test(.timeLimit(.minutes(1))) func anAddressThatGuessesHasToWait() async throws {
        let limit = "failed_authentications_per_minute: 3"
        try await withLimits([limit], proxies: "[127.0.0.1]") { server, key in
            func status(_ bearer: String?, _ address: String) async throws -> RawReply {
                try await server.exchange(
                    Self.request(
                        .get("/v1/changes?model=m&from=now"), bearer: bearer, from: address))
            }
            for _ in 0..<3 {
                #expect(try await status("guess", "203.0.113.1").status == 401)
            }
            let refused = try await status("guess", "203.0.113.1")
            #expect(refused.status == 429)
            #expect(try Self.code(of: refused) == "too-many-failed-attempts")
            let seconds = refused.headers["retry-after"].flatMap { Int($0) } ?? 0
            #expect((1...20).contains(seconds))
            // A good one is not even looked at; that of another address is, and who says nothing goes on.
            #expect(try await status(key, "203.0.113.1").status == 429)
            #expect(try await status(key, "203.0.113.2").status == 200)
            #expect(try await status(nil, "203.0.113.1").status == 200)
            let handshake = Self.request(
                .handshake("/ws/subscribe/"), bearer: key, from: "203.0.113.1")
            #expect(try await server.exchange(handshake).status == 429)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aSessionThatGuessesIsClosed() async throws {
        try await withLimits(["messages_per_second: 20"]) { server, _ in
            let guess = #"text:{"authenticate":"guess"}"#
            let said = try await server.python(
                "frames.py",
                [server.webSocket, "--subprotocol", "livelog.v1"]
                    + Array(repeating: guess, count: 7)
            ).output()
            #expect(said.count == 5)
            #expect(said.last == #"{"closed": 1008}"#, "\(said)")
            let metrics = try await server.metrics()
            let name = #"livelog_refused_total{way="connection",code="too-many-refused-tokens"}"#
            #expect(metrics[name] == 1)
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoAsksTooOftenHasToWait() async throws {
        try await withLimits(["requests_per_second: 1"], proxies: "[127.0.0.1]") { server, _ in
            func page(_ address: String) async throws -> RawReply {
                try await server.exchange(
                    Self.request(.get("/v1/changes?model=m&from=now"), from: address))
            }
            let replies = [
                try await page("203.0.113.1"), try await page("203.0.113.1"),
                try await page("203.0.113.2"),
            ]
            #expect(replies.map(\.status) == [200, 429, 200])
            #expect(replies[1].headers["retry-after"] == "1")
            #expect(try Self.code(of: replies[1]) == "too-many-requests")
        }
    }

    /// However many ask at once, each gets an answer or is told why not; and whoever asks alone always gets one.
    @Test(.timeLimit(.minutes(1))) func aClientReadsSoOftenAtATime() async throws {
        try await withLimits(["reads_per_client: 1"], proxies: "[127.0.0.1]") { server, _ in
            let lines = (0..<20_000).map {
                #"{"model":"m","action":"CREATED","instance":{"id":\#($0),"n":\#($0)}}"#
            }
            try await server.publish(lines: lines.joined(separator: "\n"))
            // A page for which all of the model's records are looked at.
            let page = RawRequest.get("/v1/changes?model=m&from=start&where=n%3C0")
            let replies = try await withThrowingTaskGroup(of: RawReply.self) { tasks in
                for _ in 0..<50 {
                    tasks.addTask {
                        try await server.exchange(Self.request(page, from: "203.0.113.1"))
                    }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            let refused = replies.filter { $0.status == 429 }
            let others = replies.filter { ![200, 429].contains($0.status) }
            #expect(others.isEmpty, "\(others)")
            #expect(!refused.isEmpty && refused.count < 50)
            for reply in refused { #expect(try Self.code(of: reply) == "too-many-reads") }
            for address in ["203.0.113.1", "203.0.113.2"] {
                let reply = try await server.exchange(Self.request(page, from: address))
                #expect(reply.status == 200)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["records_per_second: 2", "bytes_per_second: 100"])
    func whoPublishesTooMuchHasToWait(_ limit: String) async throws {
        try await withLimits([limit]) { server, key in
            let lines = Array(repeating: Self.change, count: 100).joined(separator: "\n")
            // What comes in one request is taken whole.
            #expect(try await server.exchange(.publish(lines.utf8)).status == 200)
            let refused = try await server.exchange(.publish(Self.change.utf8))
            #expect(refused.status == 429)
            #expect(try Self.code(of: refused) == "publishing-too-fast")
            let seconds = refused.headers["retry-after"].flatMap { Int($0) } ?? 0
            #expect((30...55).contains(seconds), "\(seconds)")
            // Others are not held up, and reading goes on.
            let other = Self.request(.publish(Self.change.utf8), bearer: key)
            #expect(try await server.exchange(other).status == 200)
            let page = RawRequest.get("/v1/changes?model=m&from=now")
            #expect(try await server.exchange(page).status == 200)
        }
    }

    /// A producer's socket is not read until there is room: nothing is refused, and it takes its time.
    @Test(.timeLimit(.minutes(1))) func aProducerIsReadAsFastAsItMay() async throws {
        try await withLimits(["records_per_second: 20"]) { server, _ in
            let change = #"{"model":"m","action":"UPDATED","instance":{"id":1}}"#
            let changes = Array(repeating: change, count: 10).joined(separator: ",")
            let clock = ContinuousClock()
            let start = clock.now
            let said = try await server.python(
                "frames.py",
                ["ws://\(server.address)/ws/publish/", "--subprotocol", "livelog.producer.v1"]
                    + (1...4).map { #"text:{"batch":\#($0),"changes":[\#(changes)]}"# }
            ).output()
            #expect(said.count == 4 && said.allSatisfy { $0.contains("receipt") }, "\(said)")
            // The first 20 at once; the third batch waits for one record, the fourth for ten more.
            #expect(clock.now - start > .milliseconds(500))
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoSendsTooManyMessagesIsClosed() async throws {
        try await withLimits(["messages_per_second: 1", "message_burst: 5"]) { server, _ in
            let said = try await server.python(
                "frames.py",
                [server.webSocket, "--subprotocol", "livelog.v1"]
                    + Array(repeating: #"text:{"unsubscribe":1}"#, count: 9)
            ).output()
            #expect(said.last == #"{"closed": 4429}"#, "\(said)")
            #expect((6...8).contains(said.count))
            let metrics = try await server.metrics()
            let name = #"livelog_refused_total{way="connection",code="too-many-messages"}"#
            #expect(metrics[name] == 1)
        }
    }

    /// A client that comes back asks for all that it had; with the limits that hold if none are named.
    @Test(.timeLimit(.minutes(1))) func allSubscriptionsOfASessionMayBeginAtOnce() async throws {
        try await withServer { server in
            let requests = (1...256).map { #"text:{"subscribe":\#($0),"model":"m","from":"now"}"# }
            let said = try await server.python(
                "frames.py", [server.webSocket, "--subprotocol", "livelog.v1"] + requests
            ).output()
            #expect(said.count == 256 && said.last?.contains("reply") == true)
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoPingsTooOftenIsClosed() async throws {
        try await withServer { server in
            let (held, head) = try await server.hold(.handshake("/ws/subscribe/"))
            #expect(head.hasPrefix("HTTP/1.1 101"))
            let ping: [UInt8] = [0x89, 0x80, 0, 0, 0, 0]
            held.send(Array(repeatElement(ping, count: 1000).joined()))
            let frames = try await held.receiveAll().split(separator: [13, 10, 13, 10]).last
            let bytes = Array(try #require(frames))
            #expect(
                bytes.starts(with: Array(repeatElement([0x8A, 0] as [UInt8], count: 10).joined())))
            #expect(bytes.dropFirst(20).first == 0x88)
            #expect(bytes.dropFirst(22).prefix(2) == [0x03, 0xF0])
        }
    }

    /// As of a process that was stopped, or a machine that is gone.
    @Test(.timeLimit(.minutes(1))) func whoSaysNothingIsPingedAndThenClosed() async throws {
        try await withLimits(["silence_seconds: 3"]) { server, _ in
            let (held, _) = try await server.hold(.handshake("/ws/subscribe/"))
            let bytes = try await held.receiveAll()
            let frames = Array(bytes.split(separator: [13, 10, 13, 10]).last ?? [])
            #expect(frames.starts(with: [0x89, 0]))
            let close = try #require(frames.firstRange(of: [0x11, 0x38]))
            #expect(frames[close.lowerBound - 2] == 0x88)
        }
    }
}
