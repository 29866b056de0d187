import Foundation
import Testing

/// What a session may take of the server, as options of `livelog serve`.
@Suite struct LimitOptionsTests {
    private static let scan = "model=m&where=total%3E%3D10"

    @Test(.timeLimit(.minutes(1)))
    func aServerThatRefusesScansSaysSoOnEveryWayIn() async throws {
        try await withServer(options: ["--refuse-scans", "--subscriptions", "1"]) { server in
            for target in ["/v1/changes?\(Self.scan)", "/v1/models/m?where=total%3E%3D10"] {
                let reply = try await server.get(target)
                let problem = try JSONDecoder().decode(Problem.self, from: Data(reply.body.utf8))
                #expect(problem.status == 400 && problem.code == "unindexed")
            }
            let indexed = try await server.get("/v1/changes?\(Self.scan)&where=list%3D1")
            #expect(indexed.status == 200)

            let said = try await server.python(
                "frames.py",
                [
                    server.webSocket, "--subprotocol", "livelog.v1",
                    #"text:{"subscribe":1,"model":"m","where":{"total":{">=":10}}}"#,
                    #"text:{"subscribe":2,"model":"m"}"#, #"text:{"subscribe":3,"model":"m"}"#,
                    // A fourth answer is waited for: the second request has two.
                    #"text:{"unsubscribe":4}"#,
                ]
            ).output()
            let codes = said.map { $0.firstMatch(of: /\\"code\\": ?\\"([a-z-]+)/)?.1 }
            #expect(codes == ["unindexed", nil, nil, "too-many-subscriptions"], "\(said)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func whoWouldHaveMoreReplayedThanTheServerWantsGetsASnapshot() async throws {
        try await withServer(options: ["--replay-records", "2"]) { server in
            for text in ["a", "b", "c"] {
                try await server.publish(
                    lines:
                        #"{"model":"m","action":"UPDATED","instance":{"id":1,"text":"\#(text)"}}"#)
            }
            for (start, answer) in [
                ("0", #"{"plan":"group","snapshot":"budget"}"#), ("1", #"{"plan":"group"}"#),
            ] {
                let stream = try server.stream(
                    "/v1/changes?model=m&from=\(start)", accept: "text/event-stream")
                _ = try await stream.head()
                #expect(try await stream.event(named: "subscribed").data == answer)
                await stream.kill()
            }
        }
    }

    @Test(arguments: [
        ["--subscriptions", "0"], ["--replay-records", "0"], ["--reads", "0"],
    ])
    func aLimitOfNothingIsRefused(options: [String]) async throws {
        let serve = try ChildProcess(
            Places.livelog, ["serve", "--listen", "127.0.0.1:0"] + options)
        while await serve.nextLine() != nil {}
        #expect(await serve.ending() == .exited(64))
        #expect(await serve.finalErrorOutput.contains("\(options[0]) is at least 1"))
    }
}
