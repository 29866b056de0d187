import Foundation
import LivelogClient
import NIOHTTP1
import Testing

@Suite(.timeLimit(.minutes(1))) struct PublishTests {
    private static let changes = Array("{\"a\":1}\n{\"a\":2}\n".utf8)
    private static let receipt = #"{"epoch":"0a","first":3,"last":4,"count":2,"durable":true}"#

    @Test func aBatchIsPostedWithItsIdentity() async throws {
        let requests = Recorder<ScriptedHTTPServer.Request>()
        let answers = [ScriptedHTTPServer.Answer.status(200, body: Self.receipt)]
        let receipt = try await ScriptedHTTPServer.run(answers, requests: requests) { url in
            try await LivelogClient(server: url + "/base/")
                .publish(Self.changes, identity: .producer("p", sequence: 9))
        }
        #expect(receipt.first == 3)
        #expect(receipt.last == 4)
        let request = try #require(requests.all.first)
        #expect(request.target == "POST /base/v1/changes")
        #expect(request.body == String(decoding: Self.changes, as: UTF8.self))
        #expect(request.headers["content-type"] == "application/x-ndjson")
        #expect(request.headers["livelog-producer"] == "p")
        #expect(request.headers["livelog-sequence"] == "9")
    }

    @Test func passingFailuresAreTriedAgainUnderTheSameIdentity() async throws {
        let requests = Recorder<ScriptedHTTPServer.Request>()
        let failures = Recorder<ClientError>()
        let clock = ImmediateClock()
        let answers: [ScriptedHTTPServer.Answer] = [
            .status(
                503, headers: ["Retry-After": "7"], body: #"{"detail":"busy","code":"overloaded"}"#),
            .drop, .status(507, body: ""), .status(200, body: Self.receipt),
        ]
        let receipt = try await ScriptedHTTPServer.run(answers, requests: requests) { url in
            try await LivelogClient(server: url, configuration: Self.configuration(clock))
                .publish(Self.changes, identity: .key("k"), retryingFor: .seconds(60)) { error, _ in
                    failures.add(error)
                }
        }
        #expect(receipt.count == 2)
        #expect(requests.all.map { $0.headers["idempotency-key"] } == ["k", "k", "k", "k"])
        #expect(failures.all.map(\.code) == [.unavailable, .unreachable, .unavailable])
        #expect(failures.all.first?.message == "the server cannot take it now: busy")
        #expect(clock.durations.first ?? .zero >= .seconds(7))
        #expect(clock.durations.count == 3)
    }

    /// A file is read for each attempt, so that what was renewed in it counts.
    @Test func eachAttemptShowsWhatTheCredentialIsThen() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "token")
        try "first\r\n".write(to: file, atomically: true, encoding: .utf8)
        let requests = Recorder<ScriptedHTTPServer.Request>()
        var configuration = Self.configuration(ImmediateClock())
        configuration.credential = .file(file.path)
        let (client, answers) = (configuration, [503, 200])
        _ = try await ScriptedHTTPServer.run(
            answers.map { .status($0, body: $0 == 200 ? Self.receipt : "") }, requests: requests
        ) { url in
            try await LivelogClient(server: url, configuration: client)
                .publish(Self.changes, identity: .key("k")) { _, _ in
                    try? "second".write(to: file, atomically: true, encoding: .utf8)
                }
        }
        #expect(
            requests.all.map { $0.headers["authorization"] } == ["Bearer first", "Bearer second"])
    }

    @Test(arguments: [
        Credential.value(""), .value("two words"), .value("line\nline"), .value("ß"),
        .value(String(repeating: "x", count: 20_000)), .file("/"), .file("/no/such/file"),
        .file("/dev/null"),
    ])
    func whatIsNoCredentialIsNotSent(credential: Credential) async throws {
        let requests = Recorder<ScriptedHTTPServer.Request>()
        var configuration = ClientConfiguration()
        configuration.credential = credential
        let settings = configuration
        let failure = try await ScriptedHTTPServer.run([], requests: requests) { url in
            await Self.failure(
                of: try LivelogClient(server: url, configuration: settings),
                retryingFor: .seconds(60))
        }
        #expect(failure?.code == .invalidArgument)
        #expect(requests.all.isEmpty)
        #expect(failure?.message.contains("two words") == false)
    }

    @Test func aRefusalIsNotTriedAgain() async throws {
        let requests = Recorder<ScriptedHTTPServer.Request>()
        let body = #"{"title":"no","status":422,"code":"missing-model","detail":"d","line":2}"#
        let answers = [ScriptedHTTPServer.Answer.status(422, body: body)]
        let failure = try await ScriptedHTTPServer.run(answers, requests: requests) { url in
            await Self.failure(of: try LivelogClient(server: url), retryingFor: .seconds(60))
        }
        #expect(failure?.code == .refused)
        #expect(failure?.problem?.line == 2)
        #expect(requests.all.count == 1)
    }

    @Test func afterAWhileTheLastFailureIsThrown() async throws {
        let clock = ImmediateClock()
        let url = try await ScriptedHTTPServer.run([]) { $0 }
        let client = try LivelogClient(server: url, configuration: Self.configuration(clock))
        let failure = await Self.failure(of: client, retryingFor: .seconds(100))
        #expect(failure?.code == .unreachable)
        #expect(failure?.message.hasSuffix("connection refused") == true)
        let waited = clock.durations.reduce(.zero, +)
        #expect(.seconds(90) <= waited && waited <= .seconds(100))
    }

    @Test func anIdentityThatIsNoHeaderIsNotSent() async throws {
        let requests = Recorder<ScriptedHTTPServer.Request>()
        let failure = try await ScriptedHTTPServer.run([], requests: requests) { url in
            await Self.failure(
                of: try LivelogClient(server: url), identity: .key("a\r\nb"), retryingFor: .zero)
        }
        #expect(failure?.code == .invalidArgument)
        #expect(requests.all.isEmpty)
    }

    @Test(arguments: [
        (404, ClientError.Code.refused), (401, .refused), (503, .unavailable), (429, .unavailable),
    ])
    func aServerWithoutWebSocketsSaysWhy(status: Int, code: ClientError.Code) async throws {
        let failures = Recorder<ClientError>()
        let answers = [
            ScriptedHTTPServer.Answer.status(status, body: #"{"detail":"not here"}"#),
            .status(404, body: ""),
        ]
        try await ScriptedHTTPServer.run(answers) { url in
            let client = try LivelogClient(
                server: url, configuration: Self.configuration(ImmediateClock()))
            let deliveries = client.subscribe(to: Subscription(model: "m")) { event in
                if case .lost(let error, _) = event { failures.add(error) }
            }
            do throws(ClientError) {
                for try await _ in deliveries {}
            } catch {
                failures.add(error)
            }
        }
        #expect(failures.all.first?.code == code)
        #expect(failures.all.first?.problem?.status == status)
        #expect(failures.all.first?.message == "the server opens no WebSocket: not here")
    }

    private static func failure(
        of client: LivelogClient, identity: BatchIdentity = .key("k"), retryingFor limit: Duration
    ) async -> ClientError? {
        do {
            _ = try await client.publish(Self.changes, identity: identity, retryingFor: limit)
            return nil
        } catch {
            return error
        }
    }

    private static func configuration(_ clock: ImmediateClock) -> ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.clock = clock
        return configuration
    }
}
