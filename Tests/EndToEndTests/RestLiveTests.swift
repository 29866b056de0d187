import Foundation
import Testing

/// Clients of django-rest-live, as they are: what they send, frame by frame, and what they have to get.
@Suite struct RestLiveTests {
    private static let open = "views: [{who: everyone}], publish: everyone"

    private static func configuration(isStrict: Bool = false, who: String = "everyone") -> String {
        """
        api_keys: keys.jsonl
        models:
          todolist.Task: {groups: [list_id], aliases: {list: list_id}, style: camelCase, \(open)}
          "todolist.Task@private": {groups: [], \(open)}
          ohq.Question:
            groups: [queue_id, id, course_id, status]
            aliases: {queue_pk: queue_id, course_pk: course_id}
            views: [{who: everyone}]
            publish: everyone
          ohq.Queue: {\(open)}
          blog.Page: {groups: [], lookup: slug, \(open)}
          staff.Note: {views: [{who: staff}], publish: everyone}
          replay.End: {\(open)}
        rest_live:
          strict: \(isStrict)
          paths:
            - path: /ws/router/
              who: \(who)
              models: {todolist.Task: "todolist.Task@private", replay.End: replay.End}
        """
    }

    private func withConfiguredServer(
        isStrict: Bool = false, who: String = "everyone",
        _ body: (LivelogServer, _ file: URL, _ key: String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "livelog.yaml")
            try Self.configuration(isStrict: isStrict, who: who).write(
                to: file, atomically: true, encoding: .utf8)
            let key = try await ChildProcess(
                Places.livelog,
                [
                    "keys", "make", "--file", directory.appending(path: "keys.jsonl").path,
                    "--label", "reader", "--action", "read",
                ]
            ).output().joined()
            try await withServer(in: directory, options: ["--config", file.path]) { server in
                try await body(server, file, key)
            }
        }
    }

    private func replay(
        _ name: String, _ server: LivelogServer, path: String = "/ws/subscribe/"
    ) async throws {
        let client = try server.python(
            "rest_live_replay.py", [server.address, path, Places.client("rest-live/\(name).txt")])
        let output = try await client.output()
        let isReplayed = output.last?.hasPrefix("replayed ") == true
        #expect(isReplayed, "\(name): \(output) \(client.errorOutput)")
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            "p1-hooks", "p1-reconnect", "p1-office-hours-queue", "p2-hooks", "p2-reconnect",
            "p2-errors", "p2-lookup", "both",
        ])
    func whatClientsSendIsAnsweredAsTheyExpect(name: String) async throws {
        try await self.withConfiguredServer { server, _, _ in
            try await self.replay(name, server)
            // What came before is in the log, and changes nothing for who comes now.
            try await self.replay("both", server, path: "/api/ws/subscribe")
        }
    }

    @Test(.timeLimit(.minutes(2))) func aPathIsARouterOfItsOwn() async throws {
        try await self.withConfiguredServer { server, _, _ in
            try await self.replay("router", server, path: "/ws/router/")
        }
    }

    @Test(.timeLimit(.minutes(2))) func aStrictServerClosesAsTheOriginalDid() async throws {
        try await self.withConfiguredServer(isStrict: true) { server, _, _ in
            try await self.replay("strict", server)
        }
    }

    /// As the original's private router: whoever it is not for does not get a connection.
    @Test(.timeLimit(.minutes(2))) func whoAPathIsNotForIsToldAtTheHandshake() async throws {
        try await self.withConfiguredServer(who: "authenticated") { server, file, key in
            func status(_ path: String, _ fields: String = "") async throws -> Int {
                var request = RawRequest.handshake(path)
                request.head += fields
                return try await server.exchange(request).status
            }
            let bearer = "Authorization: Bearer \(key)\r\n"
            #expect(try await status("/ws/router/") == 403)
            #expect(try await status("/ws/router") == 403)
            #expect(try await status("/ws/router/", bearer) == 101)
            #expect(try await status("/ws/router/", bearer.replacing("llk_", with: "llk_x")) == 401)
            #expect(try await status("/ws/subscribe/") == 101)
            #expect(try await status("/ws/other/") == 404)
            #expect(try await server.exchange(.get("/ws/router/")).status == 426)
            for path in ["/ws/other", "/api/other", "/api/ws/other", "/other"] {
                let unknown = try await server.exchange(.get(path))
                #expect(unknown.body.contains("unknown-path"), "\(path) \(unknown)")
            }
            // Who comes after the file has changed finds what it says then.
            try Self.configuration(who: "everyone").write(
                to: file, atomically: true, encoding: .utf8)
            while try await status("/ws/router/") != 101 {}
        }
    }

    @Test(.timeLimit(.minutes(1))) func theCheckSaysWhatIsThere() async throws {
        try await self.withConfiguredServer(isStrict: true, who: "staff") { _, file, _ in
            let lines = try await ChildProcess(
                Places.livelog, ["check-config", file.path]
            ).output()
            #expect(lines.contains("/ws/router/ is a WebSocket of rest-live for the staff"))
            #expect(lines.contains("    todolist.Task is todolist.Task@private"))
            #expect(lines.contains { $0.hasPrefix("rest-live is strict") })
            #expect(lines.contains("    looked up by slug"))
        }
    }
}
