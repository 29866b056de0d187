import Foundation
import Testing

/// A server that is told which property of a model is its key, which ones are groups, and how else they are called.
@Suite struct ModelRulesTests {
    private static func configuration(alias: String) -> String {
        """
        models:
          todolist.Task:
            key: uid
            groups: [list_id]
            aliases: {\(alias): list_id}
            views: [{who: everyone}]
            publish: everyone
          m:
            key: all
            views: [{who: everyone}]
            publish: everyone
        """
    }

    private static func change(_ uid: String, list: Int, groups: String = "") -> String {
        #"{"model":"todolist.Task","action":"CREATED","#
            + #""instance":{"id":7,"uid":"\#(uid)","list_id":\#(list),"text":"milk"}\#(groups)}"#
    }

    private func withConfiguredServer(
        _ body: (LivelogServer, URL) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "livelog.yaml")
            try Self.configuration(alias: "list").write(
                to: file, atomically: true, encoding: .utf8)
            try await withServer(in: directory, options: ["--config", file.path]) { server in
                try await body(server, file)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func pathsGoByTheKeyTheGroupsAndTheAliases() async throws {
        try await self.withConfiguredServer { server, _ in
            func get(_ path: String) async throws -> RawReply {
                try await server.exchange(.get(path))
            }
            for (uid, list) in [("a", 4), ("b", 5)] {
                let reply = try await server.exchange(
                    .publish(Self.change(uid, list: list).utf8))
                #expect(reply.status == 200, "\(reply.body)")
            }
            let unknown = try await server.exchange(
                .publish(Self.change("c", list: 4, groups: #","groups":{"text":"x"}"#).utf8))
            #expect(unknown.status == 422 && unknown.body.contains("unknown-group"))
            #expect(unknown.body.contains("there are uid, list_id"), "\(unknown.body)")

            // By the alias and by the property; by what is shown and no group of the records by nobody.
            let all = "/v1/changes?model=todolist.Task&from=start"
            for name in ["list", "list_id"] {
                for path in [all + "&where=", "/v1/models/todolist.Task?where="] {
                    let page = try await get(path + name + "%3D4")
                    #expect(page.status == 200, "\(path) \(page.body)")
                    #expect(page.body.contains(#""key":"a""#) && !page.body.contains(#""key":"b""#))
                }
            }
            #expect(try await get(all + "&where=text%3Dmilk").status == 403)
            #expect(try await get(all + "&where=uid%3Db").body.contains(#""key":"b""#))
            #expect(try await get("/v1/models/todolist.Task/b").status == 200)
            #expect(try await get("/v1/models/todolist.Task/7").status == 404)
        }
    }

    @Test(.timeLimit(.minutes(1))) func socketsGoByThemToo() async throws {
        try await self.withConfiguredServer { server, _ in
            let producer = try server.python("produce.py", [server.publishSocket, "--count", "3"])
            #expect(try await producer.answers().count == 3)
            #expect(await producer.ending() == .exited(0), "\(producer.errorOutput)")
            // Its instances have the same `all`, which is the key here.
            let instance = try await server.exchange(.get("/v1/models/m/1"))
            #expect(instance.body.contains(#""id":3"#), "\(instance.body)")

            let reader = try server.python(
                "websockets_frames.py",
                [
                    server.webSocket,
                    #"{"model":"todolist.Task","where":{"list":4},"from":"snapshot"}"#,
                ])
            while try await !reader.frame().isLive {}
            let old = try server.python(
                "old_frames.py",
                [
                    server.webSocket, "todolist.Task", "pk=b", "list=5",
                ])
            #expect(try await old.line { _ in true } == "ready")
            for (uid, list) in [("b", 5), ("a", 4)] {
                let change = Self.change(uid, list: list)
                #expect(try await server.exchange(.publish(change.utf8)).status == 200)
            }
            let changes = try await reader.line { $0.contains("changes") }
            #expect(changes.contains(#""key":"a""#) && !changes.contains(#""key":"b""#))
            // Once by its key, and once by its list.
            for _ in 0..<2 {
                #expect(try await old.line { _ in true }.contains(#""uid":"b""#))
            }
            await reader.kill()
            await old.kill()
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatComesAfterAReloadGoesByTheOtherFile() async throws {
        try await self.withConfiguredServer { server, file in
            let change = Self.change("a", list: 4)
            #expect(try await server.exchange(.publish(change.utf8)).status == 200)
            let path = "/v1/changes?model=todolist.Task&from=start&where="
            #expect(try await server.exchange(.get(path + "folder%3D4")).status == 403)
            try Self.configuration(alias: "folder").write(
                to: file, atomically: true, encoding: .utf8)
            kill(server.processIdentifier, SIGHUP)
            while try await server.exchange(.get(path + "folder%3D4")).status != 200 {}
            #expect(try await server.exchange(.get(path + "list%3D4")).status == 403)
        }
    }

    @Test func theConfigurationSaysIt() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "livelog.yaml")
            try Self.configuration(alias: "list").write(
                to: file, atomically: true, encoding: .utf8)
            let lines = try await ChildProcess(Places.livelog, ["check-config", file.path])
                .output().map { $0.trimmingCharacters(in: .whitespaces) }
            for line in [
                "its key is uid", "recorded as groups: uid, list_id", "list stands for list_id",
            ] {
                #expect(lines.contains(line), "\(lines)")
            }
        }
    }
}
