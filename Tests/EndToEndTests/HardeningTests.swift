import Foundation
import Testing

/// What is not there, so that nobody can misuse it.
@Suite struct HardeningTests {
    /// Compression before encryption tells its secrets, and a small message can become a large one.
    @Test(.timeLimit(.minutes(1))) func compressionIsNotAgreedTo() async throws {
        try await withServer { server in
            for protocolName in ["livelog.v1", "livelog.producer.v1"] {
                var handshake = RawRequest.handshake("/ws/subscribe/")
                handshake.head += "Sec-WebSocket-Protocol: \(protocolName)\r\n"
                handshake.head +=
                    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
                let reply = try await server.exchange(handshake)
                #expect(reply.status == 101)
                #expect(reply.headers["sec-websocket-extensions"] == nil)
            }
        }
    }

    /// A URL ends up in logs, so who one is does not stand there.
    @Test(.timeLimit(.minutes(1))) func aTokenInAURLIsNobodys() async throws {
        try await withTemporaryDirectory { directory in
            let secret = directory.appending(path: "jwt.secret")
            try "a secret of at least thirty-two bytes".write(
                to: secret, atomically: true, encoding: .utf8)
            let file = directory.appending(path: "livelog.yaml")
            try """
            tokens:
              - {issuer: app, audience: livelog, keys: [{algorithm: HS256, secret_file: jwt.secret}]}
            models:
              m: {views: [{who: authenticated}]}
            """.write(to: file, atomically: true, encoding: .utf8)
            let token = try await ChildProcess(
                Places.livelog,
                [
                    "keys", "token", "--secret-file", secret.path, "--issuer", "app", "--audience",
                    "livelog", "--subject", "alice",
                ]
            ).output().joined()
            try await withServer(in: directory, options: ["--config", file.path]) { server in
                let page = "/v1/changes?model=m&from=start"
                let good = try await server.get(page, headers: ["Authorization: Bearer \(token)"])
                #expect(good.status == 200)
                for name in ["token", "access_token", "bearer", "authorization"] {
                    let reply = try await server.get("\(page)&\(name)=\(token)")
                    #expect(reply.status == 400, "\(name)")
                    #expect(!reply.body.contains(token.prefix(20)))
                }
                let frames = try server.python(
                    "frames.py",
                    [
                        server.webSocket + "?token=\(token)&access_token=\(token)",
                        "--subprotocol", "livelog.v1", #"text:{"subscribe":1,"model":"m"}"#,
                    ])
                #expect(try await frames.output().joined().contains("forbidden"))
            }
        }
    }

    /// Names of models and keys are text in records; no file is named by them.
    @Test(.timeLimit(.minutes(1))) func noNameBecomesAPath() async throws {
        try await withTemporaryDirectory { directory in
            try await withServer(in: directory) { server in
                for name in [
                    "../../evil", "/tmp/evil", "evil/..", "..%2fevil", "evil\\u0000", "%00evil",
                ] {
                    let change =
                        #"{"model":"m","action":"CREATED","instance":{"id":"\#(name)","p":"\#(name)"}}"#
                    _ = try await server.exchange(.publish(change.utf8))
                    let model = change.replacing(#""model":"m""#, with: #""model":"\#(name)""#)
                    _ = try await server.exchange(.publish(model.utf8))
                    let path = name.replacing("\\u0000", with: "%00").replacing("/", with: "%2F")
                    for target in [
                        "/v1/models/m/\(path)", "/v1/models/\(path)/1",
                        "/v1/changes?model=m&from=start&where=p%3D\(path)", "/\(path)",
                        "/livelog.js/\(path)",
                    ] {
                        let reply = try await server.get(target)
                        #expect([200, 400, 404].contains(reply.status), "\(target)")
                    }
                }
                let page = try await server.page("/v1/changes?model=m&from=start")
                #expect(page.records.count >= 4)
            }
            let files = FileManager.default.enumerator(atPath: directory.path)?.allObjects
                .compactMap { $0 as? String }
            #expect(files?.isEmpty == false)
            #expect(files?.filter { $0.contains("evil") } == [])
            #expect(!FileManager.default.fileExists(atPath: "/tmp/evil"))
        }
    }

    /// With hashes that everybody can compute, tables of names that others choose would be as slow as they like.
    @Test func hashesThatEverybodyKnowsAreRefused() async throws {
        try await withTemporaryDirectory { directory in
            let process = try ChildProcess(
                Places.livelog, ["serve", "--data", directory.path, "--listen", "127.0.0.1:0"],
                environment: ["SWIFT_DETERMINISTIC_HASHING": "1"])
            #expect(await process.ending() == .exited(64))
            #expect(await process.finalErrorOutput.contains("SWIFT_DETERMINISTIC_HASHING"))
        }
    }
}
