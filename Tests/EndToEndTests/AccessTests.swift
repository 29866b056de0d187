import Foundation
import Testing

/// A server that is configured: who is who, what each of them sees, and what becomes of that when the file changes.
@Suite struct AccessTests {
    private static let secret = "a secret of at least thirty-two bytes: canary-of-the-secret"
    private static let task =
        #"{"model":"todolist.Task","action":"CREATED","instance":{"id":1,"text":"milk","owner":"alice","pin":4711}}"#

    private static func configuration(short fields: String) -> String {
        """
        tokens:
          - issuer: app
            audience: livelog
            keys: [{algorithm: HS256, secret_file: jwt.secret}]
        api_keys: keys.jsonl
        models:
          todolist.Task:
            views:
              - {name: full, who: staff}
              - {name: short, fields: \(fields), who: {property: owner, equals_claim: sub}}
            publish: {property: owner, equals_claim: sub}
          shared.Note:
            views: [{fields: [id, text], who: {property: list, in_claim: lists}}]
            publish: {property: list, in_claim: lists}
        grants:
          - {model: shared.Member, subject: user, value: list, claim: lists}
        """
    }

    private struct World {
        let directory: URL
        let server: LivelogServer
        /// A key to publish, and one to publish and read.
        let key: String
        let otherKey: String

        func token(_ subject: String, _ options: [String] = []) async throws -> String {
            try await ChildProcess(
                Places.livelog,
                [
                    "keys", "token", "--secret-file", directory.appending(path: "jwt.secret").path,
                    "--issuer", "app", "--audience", "livelog", "--subject", subject,
                ] + options
            ).output().joined()
        }

        func get(_ path: String, _ bearer: String?) async throws -> RawReply {
            var request = RawRequest.get(path)
            if let bearer { request.head += "Authorization: Bearer \(bearer)\r\n" }
            return try await server.exchange(request)
        }

        func publish(_ change: String, _ bearer: String?) async throws -> RawReply {
            var request = RawRequest.publish(change.utf8)
            if let bearer { request.head += "Authorization: Bearer \(bearer)\r\n" }
            return try await server.exchange(request)
        }
    }

    private func withWorld(_ body: (World) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "livelog.yaml")
            try Self.configuration(short: "[id, text]").write(
                to: file, atomically: true, encoding: .utf8)
            try Self.secret.write(
                to: directory.appending(path: "jwt.secret"), atomically: true, encoding: .utf8)
            func makeKey(_ options: [String]) async throws -> String {
                try await ChildProcess(
                    Places.livelog,
                    [
                        "keys", "make", "--file", directory.appending(path: "keys.jsonl").path,
                        "--label", "shop", "--action", "publish", "--model", "todolist.Task",
                    ] + options
                ).output().joined()
            }
            let key = try await makeKey(["--model", "shared.Note", "--model", "shared.Member"])
            let other = try await makeKey(["--action", "read"])
            try await withServer(in: directory, options: ["--config", file.path]) { server in
                let world = World(
                    directory: directory, server: server, key: key, otherKey: other)
                try await body(world)
                // What is secret is nowhere in what the server said.
                for canary in ["canary-of-the-secret", String(key.suffix(40))] {
                    #expect(!server.errorOutput.contains(canary))
                }
            }
        }
    }

    private static let changes = "/v1/changes?model=todolist.Task&from=start"

    @Test(.timeLimit(.minutes(1))) func eachPrincipalSeesAndPublishesWhatTheFileSays() async throws
    {
        try await withWorld { world in
            let alice = try await world.token("alice")
            let bob = try await world.token("bob")
            let staff = try await world.token("carol", ["--staff"])
            #expect(try await world.publish(Self.task, nil).status == 403)
            #expect(try await world.publish(Self.task, bob).status == 403)
            #expect(try await world.publish(Self.task, alice).status == 200)
            #expect(try await world.publish(Self.task, world.key).status == 200)
            let other = Self.task.replacing("todolist.Task", with: "todolist.List")
            #expect(try await world.publish(other, world.key).status == 403)

            let shown = try await world.get(Self.changes, alice)
            #expect(shown.body.contains(#""instance":{"id":1,"text":"milk"}"#))
            #expect(!shown.body.contains("4711") && !shown.body.contains("owner"))
            #expect(shown.headers["cache-control"] == "private, no-cache")
            #expect(try await world.get(Self.changes, staff).body.contains(#""pin":4711"#))
            #expect(try await world.get(Self.changes, bob).body.hasPrefix(#"{"records":[],"#))
            // The key is for publishing; and nobody in particular sees nothing.
            #expect(try await world.get(Self.changes, world.key).status == 403)
            let refused = try await world.get(Self.changes, nil)
            #expect(refused.status == 403)
            // Nobody learns which models there are, nor by a filter what they are not shown.
            let unknown = try await world.get("/v1/changes?model=no.Model&from=start", nil)
            #expect(unknown.body == refused.body)
            #expect(try await world.get(Self.changes + "&where=pin%3D4711", alice).status == 403)
            #expect(try await world.get("/v1/models/todolist.Task/1", bob).status == 404)
            #expect(try await world.get("/v1/models/todolist.Task/1", alice).status == 200)
            // Metrics and errors say nothing of it.
            let metrics = try await world.get("/metrics", nil).body
            #expect(!metrics.contains("canary") && !metrics.contains("alice"))
        }
    }

    /// `livelog publish`, `subscribe` and `replay` show who they are.
    @Test(.timeLimit(.minutes(1))) func commandsShowTheCredentialOfAFile() async throws {
        try await withWorld { world in
            func file(_ name: String, _ text: String) throws -> String {
                let file = world.directory.appending(path: name)
                try text.write(to: file, atomically: true, encoding: .utf8)
                return file.path
            }
            let server = ["--server", world.server.url]
            let changes = try file("changes.ndjson", Self.task + "\n")
            let key = ["--credential-file", try file("shop.key", world.key + "\n")]
            let token = [
                "--credential-file", try file("alice.token", try await world.token("alice")),
            ]

            let nobody = try ChildProcess(Places.livelog, ["publish", changes] + server)
            #expect(await nobody.ending() == .exited(1))
            let refusal = await nobody.finalErrorOutput
            #expect(refusal.contains("line 1: "), "\(refusal)")
            let shop = try ChildProcess(Places.livelog, ["publish", changes] + server + key)
            #expect(await shop.ending() == .exited(0), "\(shop.errorOutput)")
            let reader = try ChildProcess(
                Places.livelog,
                ["subscribe", "--model", "todolist.Task", "--from", "start"] + server + token)
            let found = try await reader.records(1)
            #expect(found.map(\.offset) == [0])
            await reader.kill()
            let log = world.directory.appending(path: "data").path
            let replay = try ChildProcess(
                Places.livelog,
                ["replay", log, "--to", world.server.url, "--speed", "max"] + key)
            #expect(await replay.ending() == .exited(0), "\(replay.errorOutput)")
            let pages = try await world.get(Self.changes, try await world.token("alice"))
            #expect(pages.body.contains(#""offset":0"#) && pages.body.contains(#""offset":1"#))

            let without = ["--credential-file", try file("blank.key", "two words\n")]
            let wrong = try ChildProcess(Places.livelog, ["publish", changes] + server + without)
            #expect(await wrong.ending() == .exited(1))
            let said = await wrong.finalErrorOutput
            #expect(said.contains("holds no credential") && !said.contains("two words"))
        }
    }

    private static func task(_ key: Int, of owner: String, _ action: String = "UPDATED") -> String {
        #"{"model":"todolist.Task","action":"\#(action)","instance":{"id":\#(key),"owner":"\#(owner)"}}"#
    }

    @Test(.timeLimit(.minutes(1))) func nobodyTakesOverWhatIsAnothers() async throws {
        try await withWorld { world in
            let alice = try await world.token("alice")
            let bob = try await world.token("bob")
            #expect(try await world.publish(Self.task(1, of: "alice"), alice).status == 200)
            for action in ["CREATED", "UPDATED", "DELETED"] {
                let body =
                    Self.task(2, of: "bob", "CREATED") + "\n" + Self.task(1, of: "bob", action)
                let reply = try await world.publish(body, bob)
                #expect(reply.status == 403, "\(action): \(reply.body)")
                #expect(reply.body.contains(#""code":"forbidden""#))
                #expect(reply.body.contains("change 2: "), "\(reply.body)")
                #expect(!reply.body.contains("alice"))
            }
            let frames = try world.server.python(
                "frames.py",
                [
                    world.server.publishSocket, "--subprotocol", "livelog.producer.v1",
                    "--subprotocol", "bearer.\(bob)",
                    #"text:{"batch":1,"changes":[\#(Self.task(1, of: "bob"))]}"#,
                    #"text:{"batch":2,"changes":[\#(Self.task(3, of: "bob"))]}"#,
                ])
            let replies = try await frames.output()
            try #require(replies.count == 2, "\(replies)")
            #expect(replies[0].contains("forbidden") && replies[1].contains("first"))
            // Nothing of what was refused is there, and what is alice's can be given away by alice.
            let staff = try await world.token("carol", ["--staff"])
            let page = try await world.get(Self.changes, staff).body
            #expect(page.components(separatedBy: #""offset":"#).count - 1 == 2, "\(page)")
            #expect(
                try await world.publish(Self.task(1, of: "alice", "DELETED"), alice).status == 200)
            #expect(try await world.publish(Self.task(1, of: "bob", "CREATED"), bob).status == 200)
            #expect(try await world.publish(Self.task(1, of: "alice"), alice).status == 403)
            // A key that may publish may do that.
            #expect(try await world.publish(Self.task(1, of: "alice"), world.key).status == 200)
        }
    }

    /// Of those who create an instance at the same time one has it.
    @Test(.timeLimit(.minutes(1))) func whoeverComesFirstHasIt() async throws {
        try await withWorld { world in
            let names = ["alice", "bob", "carol"]
            var tokens: [String] = []
            for name in names { tokens.append(try await world.token(name)) }
            let bearers = tokens
            for key in 1...20 {
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for (name, bearer) in zip(names, bearers) {
                        group.addTask {
                            try await world.publish(Self.task(key, of: name), bearer).status
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses.sorted() == [200, 403, 403])
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatIsNotAcceptedIsRefusedBeforeTheUpgrade() async throws {
        try await withWorld { world in
            let alice = try await world.token("alice")
            for (fields, status) in [
                ("Authorization: Bearer \(alice)\r\n", 101),
                ("Sec-WebSocket-Protocol: livelog.v1, bearer.\(alice)\r\n", 101),
                ("Authorization: Bearer \(alice)x\r\n", 401),
                ("Authorization: Basic YTpi\r\n", 401),
                (
                    "Authorization: Bearer \(alice)\r\nSec-WebSocket-Protocol: bearer.\(alice)\r\n",
                    401
                ),
                ("Authorization: Bearer llk_a_b\r\n", 401),
                ("Origin: https://evil.example\r\n", 403),
                ("Origin: http://livelog\r\n", 403),
                ("Origin: http://localhost:3000\r\n", 101),
                ("Origin: null\r\n", 403),
            ] {
                var request = RawRequest.handshake("/ws/subscribe/")
                request.head += fields
                let reply = try await world.server.exchange(request)
                #expect(reply.status == status, "\(fields.prefix(30)): \(reply.body)")
                #expect(!(reply.headers["sec-websocket-protocol"] ?? "").contains("bearer"))
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func aSessionFollowsTheFileAndItsToken() async throws {
        try await withWorld { world in
            let alice = try await world.token("alice")
            let reader = try world.server.python(
                "authenticate_frames.py", [world.server.webSocket, alice, "todolist.Task"])
            // Before it says who it is it may not ask.
            #expect(try await reader.line { _ in true }.contains("\"forbidden\""))
            #expect(try await reader.line { _ in true }.hasPrefix(#"{"authenticated":"alice""#))
            #expect(try await reader.line { _ in true }.contains("\"subscribed\":2"))
            #expect(try await reader.line { $0.contains("covered") }.contains("live"))
            #expect(try await world.publish(Self.task, alice).status == 200)
            let first = try await reader.line { $0.contains("changes") }
            #expect(first.contains(#""instance":{"id":1,"text":"milk"}"#))

            let file = world.directory.appending(path: "livelog.yaml")
            // A file that is wrong changes nothing.
            try "models: [".write(to: file, atomically: true, encoding: .utf8)
            kill(world.server.processIdentifier, SIGHUP)
            #expect(try await world.publish(Self.task, alice).status == 200)
            #expect(try await reader.line { $0.contains("changes") }.contains("text"))
            try Self.configuration(short: "[id]").write(
                to: file, atomically: true, encoding: .utf8)
            kill(world.server.processIdentifier, SIGHUP)
            #expect(try await reader.line { $0.contains("reset") }.contains("access-changed"))
            // It asks again, from a snapshot of what may be seen now.
            #expect(try await reader.line { _ in true }.contains("\"subscribed\":3"))
            let snapshot = try await reader.line { _ in true }
            #expect(snapshot.hasPrefix(#"{"snapshot":3,"#), "\(snapshot)")
            #expect(snapshot.contains(#""instance":{"id":1}"#))
            await reader.kill()
        }
    }

    /// A key that is revoked is nobody's at once, also over connections that were opened with it.
    @Test(.timeLimit(.minutes(1))) func aRevokedKeyIsClosed() async throws {
        try await withWorld { world in
            let keys = world.directory.appending(path: "keys.jsonl").path
            let key = world.otherKey
            let client = try world.server.python(
                "revoked_key.py", ["ws://\(world.server.address)/ws", key, "todolist.Task"])
            #expect(await client.nextLine() == "live")
            let id = String(key.dropFirst("llk_".count).prefix(8))
            try await ChildProcess(Places.livelog, ["keys", "revoke", id, "--file", keys]).output()
            let closes = [await client.nextLine(), await client.nextLine()].compactMap { $0 }
            #expect(closes.sorted() == ["reader 4401", "writer 4401 revoked-credentials"])
            // Others go on.
            #expect(try await world.publish(Self.task, world.key).status == 200)
        }
    }

    /// Rights that are records: over sockets, in pages, and for who publishes.
    @Test(.timeLimit(.minutes(1))) func aGrantShowsAndItsEndTakesAway() async throws {
        func member(_ action: String) -> String {
            #"{"model":"shared.Member","action":"\#(action)","instance":{"id":1,"user":"alice","list":5}}"#
        }
        let note =
            #"{"model":"shared.Note","action":"CREATED","instance":{"id":9,"list":5,"text":"tea","pin":1}}"#
        let pages = "/v1/changes?model=shared.Note&from="
        try await withWorld { world in
            let alice = try await world.token("alice")
            #expect(try await world.publish(note, world.key).status == 200)
            #expect(try await world.publish(note, alice).status == 403)
            let empty = try await world.get(pages + "snapshot", alice)
            #expect(empty.body.contains(#""records":[]"#))
            let token = try #require(empty.body.firstMatch(of: /"token":"([^"]+)"/)).1
            let reader = try world.server.python(
                "authenticate_frames.py", [world.server.webSocket, alice, "shared.Note"])
            #expect(try await reader.line { $0.contains("covered") }.contains("live"))

            #expect(try await world.publish(member("CREATED"), world.key).status == 200)
            let entered = try await reader.line { $0.contains("changes") }
            #expect(
                entered.contains(#""change":"entered","key":9,"instance":{"id":9,"text":"tea"}"#))
            #expect(try await world.get(pages + "snapshot", alice).body.contains("tea"))
            #expect(try await world.get(pages + token, alice).status == 410)
            #expect(try await world.publish(note, alice).status == 200)
            #expect(try await reader.line { $0.contains("changes") }.contains("updated"))

            #expect(try await world.publish(member("DELETED"), world.key).status == 200)
            let left = try await reader.line { $0.contains("changes") }
            #expect(left.contains(#""change":"left","key":9}"#))
            #expect(try await world.publish(note, alice).status == 403)
            #expect(try await world.get("/v1/models/shared.Note/9", alice).status == 404)
            await reader.kill()
        }
    }

    @Test(arguments: [
        (["--listen", "0.0.0.0:0"], "--config"), (["--listen", "[::]:0"], "--config"),
        (["--listen", "127.0.0.1:0", "--dev", "--config", "x"], "exclude"),
    ])
    func aServerWithoutAConfigurationStaysOnThisMachine(_ options: [String], _ word: String)
        async throws
    {
        try await withTemporaryDirectory { directory in
            let process = try ChildProcess(
                Places.livelog, ["serve", "--data", directory.path] + options)
            #expect(await process.ending() == .exited(64))
            #expect(await process.finalErrorOutput.contains(word))
        }
    }
}
