import Foundation
import Testing

/// Every credential that there is has a canary in it. Wherever it is used, rightly or wrongly, nothing that the server says
/// has one.
@Suite struct SecretsTests {
    private static let jwtSecret = "a secret of at least thirty-two bytes: canary-jwt"

    private func withConfiguration(
        _ body: (_ directory: URL, _ file: String, _ key: String, _ token: String) async throws ->
            Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            func write(_ text: String, _ name: String) throws {
                try text.write(
                    to: directory.appending(path: name), atomically: true, encoding: .utf8)
            }
            try write(Self.jwtSecret, "jwt.secret")
            try write("another secret of thirty-two bytes: canary-callback", "callback.secret")
            try write("a third secret of thirty-two bytes: canary-decision", "decision.secret")
            try write(
                """
                tokens:
                  - {issuer: app, audience: livelog, keys: [{algorithm: HS256, secret_file: jwt.secret}]}
                api_keys: keys.jsonl
                connect_callback:
                  url: http://127.0.0.1:9/who
                  secret_file: callback.secret
                  cookies: [sessionid]
                decision_callback: {url: "http://127.0.0.1:9/may", secret_file: decision.secret}
                models:
                  m: {views: [{who: authenticated}], publish: authenticated}
                  asked: {views: [{who: {ask: may see}}], publish: authenticated}
                """, "livelog.yaml")
            let keys = directory.appending(path: "keys.jsonl").path
            let key = try await ChildProcess(
                Places.livelog,
                ["keys", "make", "--file", keys, "--label", "shop", "--action", "publish"]
            ).output().joined()
            let token = try await ChildProcess(
                Places.livelog,
                [
                    "keys", "token", "--secret-file", directory.appending(path: "jwt.secret").path,
                    "--issuer", "app", "--audience", "livelog", "--subject", "canary-subject",
                ]
            ).output().joined()
            try await body(directory, directory.appending(path: "livelog.yaml").path, key, token)
        }
    }

    @Test(.timeLimit(.minutes(1))) func nothingThatTheServerSaysHasASecretInIt() async throws {
        try await self.withConfiguration { directory, file, key, token in
            // The check itself sees them.
            #expect(Secrets.found(in: "Bearer \(key)").count == 1)
            #expect(Secrets.found(in: "Bearer \(token)").count == 1)
            #expect(Secrets.found(in: Self.jwtSecret) == ["canary-jwt"])
            try await withServer(
                in: directory, options: ["--config", file, "--log-level", "debug"]
            ) { server in
                var said: [String] = []
                let half = String(token.dropLast(20))
                let wrong = String(key.dropLast(3)) + "xyz"
                let credentials = [
                    "Authorization: Bearer \(token)", "Authorization: Bearer \(half)canary",
                    "Authorization: Bearer \(key)", "Authorization: Bearer \(wrong)",
                    "Authorization: Basic canary-basic", "Authorization: canary",
                    "Cookie: sessionid=canary-session; other=canary-other",
                    "Sec-WebSocket-Protocol: bearer.\(half)canary",
                ]
                for field in credentials {
                    for path in [
                        "/v1/changes?model=m&from=start", "/v1/models/m/1", "/canaries-path",
                        "/v1/changes?model=m&token=x",
                    ] {
                        var request = RawRequest.get(path)
                        request.head += field + "\r\n"
                        said.append(Self.text(try await server.exchange(request)))
                    }
                    for body in [#"{"model":"m","action":"CREATED","instance":{"id":1}}"#, "{"] {
                        var publish = RawRequest.publish(body.utf8)
                        publish.head += field + "\r\n"
                        said.append(Self.text(try await server.exchange(publish)))
                    }
                    for path in ["/ws/subscribe/", "/ws/publish/", "/ws/nowhere/"] {
                        var handshake = RawRequest.handshake(path)
                        handshake.head += field + "\r\n"
                        said.append(Self.text(try await server.exchange(handshake)))
                    }
                }
                // The application that is to decide about this one is not there.
                var publish = RawRequest.publish(
                    #"{"model":"asked","action":"CREATED","instance":{"id":1}}"#.utf8)
                publish.head += "Authorization: Bearer \(token)\r\n"
                said.append(Self.text(try await server.exchange(publish)))
                var undecided = RawRequest.get("/v1/models/asked/1")
                undecided.head += "Authorization: Bearer \(token)\r\n"
                let answer = Self.text(try await server.exchange(undecided))
                #expect(answer.hasPrefix("503") && answer.contains("undecided"), "\(answer)")
                said.append(answer)
                // Whoever sends a line that cannot be read may have put anything into it.
                var broken = RawRequest.get("/v1/changes")
                broken.head += "Authorization : Bearer \(token)\r\n"
                said.append(Self.text(try await server.exchange(broken)))
                let reader = try server.python(
                    "authenticate_frames.py", [server.webSocket, half + "canary", "m"])
                said.append(try await reader.line { _ in true })
                said.append(try await reader.line { _ in true })
                await reader.kill()
                said.append(Self.text(try await server.exchange(.get("/metrics"))))
                said.append(Self.text(try await server.exchange(.get("/readyz"))))
                for text in said where !text.contains("canaries-path") {
                    expectNoSecrets(in: text, of: "an answer")
                }
                #expect(said.filter { $0.hasPrefix("200") }.count >= 4)
                #expect(said.filter { $0.hasPrefix("401") }.count >= 20)
            }
            for format in ["text", "json"] {
                let check = try ChildProcess(
                    Places.livelog, ["check-config", file, "--format", format])
                let text = try await check.output().joined(separator: "\n")
                expectNoSecrets(in: text + check.errorOutput, of: "check-config")
            }
            let list = try await ChildProcess(
                Places.livelog,
                ["keys", "list", "--file", directory.appending(path: "keys.jsonl").path]
            ).output().joined(separator: "\n")
            expectNoSecrets(in: list, of: "keys list")
            expectNoSecrets(
                in: try String(
                    contentsOf: directory.appending(path: "keys.jsonl"), encoding: .utf8),
                of: "the file of keys")
        }
    }

    private static func text(_ reply: RawReply) -> String {
        "\(reply.status)\n"
            + reply.headers.map { "\($0): \($1)" }.sorted().joined(separator: "\n") + "\n"
            + reply.body
    }

    /// An image of the memory has the secrets, so there is none, unless somebody asks for it.
    @Test(.timeLimit(.minutes(1))) func aCrashLeavesNoImageOfTheMemory() async throws {
        try await self.withConfiguration { directory, file, _, _ in
            let serve = [
                Places.livelog.path, "serve", "--config", file, "--listen", "127.0.0.1:0",
                "--data", directory.path + "/data",
            ]
            for (options, wanted) in [([], "nothing"), (["--core-dumps"], "dumped")] {
                let crash = try ChildProcess.python(
                    "crash.py", [directory.path] + serve + options)
                #expect(await crash.nextLine() == wanted, "\(crash.errorOutput)")
            }
        }
    }
}
