import Foundation
import Testing

/// `livelog subscribe` and what a server may say to it.
@Suite struct SubscribeCommandTests {
    @Test(.timeLimit(.minutes(2)))
    func theCommandsOfTheDocumentAskForWhatTheySay() async throws {
        let commands = try ClientExamples.blocks("command")
        #expect(commands.count == 2)
        let port = try #require(Int(ClientExamples.address.drop { $0 != ":" }.dropFirst()))
        let server = try await ScriptedServer(
            [
                ScriptedServer.Step(say: [
                    #"{"subscribed":0,"plan":"scan","snapshot":"budget"}"#,
                    #"{"snapshot":0,"records":[\#(Self.record(1)),\#(Self.record(2))],"token":"t2","partial":true}"#,
                    #"{"covered":0,"token":"t2","live":true}"#,
                ])
            ], port: port)
        let requests = [
            #"{"subscribe":1,"model":"shop.Order","where":{"total":{">=":10},"state":{"!=":"paid"}},"#
                + #""from":"snapshot"}"#,
            #"{"subscribe":1,"model":"shop.Order","from":{"time":"2026-11-23T10:00:00Z"},"#
                + #""catchUp":"latest","budget":1000}"#,
        ]
        for (command, request) in zip(commands, requests) {
            let subscriber = try ChildProcess.shell(
                "exec \(command)".replacing("exec livelog", with: "exec '\(Places.livelog.path)'"))
            #expect(try await server.message() == request)
            #expect(try await subscriber.records(2).map(\.offset) == [1, 2])
            if command.contains("--count 2") {
                #expect(await subscriber.ending() == .exited(0), "\(subscriber.errorOutput)")
            }
            await subscriber.kill()
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func standardErrorSaysWhatTheLinesMean() async throws {
        let snapshot = [
            #"{"snapshot":0,"records":[\#(Self.record(1))],"more":true}"#,
            #"{"snapshot":0,"records":[\#(Self.record(2))],"token":"t2","partial":true}"#,
        ]
        let server = try await ScriptedServer([
            // The first part never gets its token, and so is not printed twice.
            ScriptedServer.Step(
                say: [#"{"subscribed":0,"plan":"scan","snapshot":"requested"}"#, snapshot[0]],
                close: 1012),
            ScriptedServer.Step(
                say: [#"{"subscribed":0,"plan":"scan","snapshot":"requested"}"#] + snapshot
                    + [#"{"changes":0,"records":[\#(Self.record(3))],"token":"t3"}"#],
                close: 4429),
            ScriptedServer.Step(say: [
                #"{"subscribed":0,"plan":"scan","snapshot":"budget"}"#,
                #"{"snapshot":0,"records":[\#(Self.record(7))],"token":"t7"}"#,
                #"{"covered":0,"token":"t7","live":true}"#,
            ]),
        ])
        // Both outputs in one, so that their order shows.
        let subscriber = try ChildProcess.shell(
            "exec '\(Places.livelog.path)' subscribe --server http://\(server.address) --model m "
                + "--from snapshot --budget 5 --until-live 2>&1")
        let lines = try await subscriber.output().map { line in
            line.hasPrefix("{") ? "record \(try ReceivedRecord(line: line).offset)" : line
        }
        #expect(
            lines.filter { !$0.contains("connection lost") } == [
                "livelog: no index finds these: the server looks at every change of the model",
                "livelog: connected again", "record 1", "record 2",
                "livelog: a snapshot of 2 instances",
                "livelog: the log no longer has all records: instances may be missing", "record 3",
                "livelog: connected again",
                "livelog: more changes than --budget: a snapshot comes in their place", "record 7",
                "livelog: a snapshot of 1 instance, instead of everything before",
                "livelog: live: everything up to now is printed",
            ])
        #expect(lines.count { $0.contains("connection lost") } == 2)
        let places = [#""snapshot""#, #""snapshot""#, #""t3""#]
        for place in places {
            #expect(
                try await server.message()
                    == #"{"subscribe":1,"model":"m","from":\#(place),"budget":5}"#)
        }
    }

    /// A unit file said `--from start --token-file F`. Each restart of the machine printed the whole log again, because
    /// the place in the file was for runs without `--from` only.
    @Test(.timeLimit(.minutes(2)))
    func theTokenInTheFileGoesBeforeFrom() async throws {
        let token = String(repeating: "t", count: 28)
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "place").path
            let server = try await ScriptedServer([
                ScriptedServer.Step(say: [
                    #"{"subscribed":0,"token":"\#(token)"}"#,
                    #"{"covered":0,"token":"\#(token)","live":true}"#,
                ])
            ])
            for place in [#""start""#, "\"\(token)\""] {
                let subscriber = try ChildProcess(
                    Places.livelog,
                    [
                        "subscribe", "--server", "http://\(server.address)", "--model", "m",
                        "--from", "start", "--token-file", file, "--until-live",
                    ])
                #expect(
                    try await server.message()
                        == #"{"subscribe":1,"model":"m","from":\#(place)}"#)
                #expect(await subscriber.ending() == .exited(0), "\(subscriber.errorOutput)")
            }
        }
    }

    /// Somebody changed `--where` and kept the file. What the new conditions held for before the token in it was
    /// never printed, and nothing said so.
    @Test(.timeLimit(.minutes(2)))
    func aTokenFileBelongsToItsConditions() async throws {
        let token = String(repeating: "t", count: 28)
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "place")
            try "\(token)\n{\"model\":\"m\",\"where\":{\"a\":1,\"b\":2}}\n"
                .write(to: file, atomically: true, encoding: .utf8)
            let server = try await ScriptedServer([
                ScriptedServer.Step(say: [
                    #"{"subscribed":0,"token":"\#(token)"}"#,
                    #"{"covered":0,"token":"\#(token)","live":true}"#,
                ])
            ])
            let command = [
                "subscribe", "--server", "http://\(server.address)", "--model", "m",
                "--token-file", file.path, "--until-live",
            ]
            let other = try ChildProcess(Places.livelog, command + ["--where", "a=1"])
            #expect(await other.ending() == .exited(1))
            #expect(
                await other.finalErrorOutput.contains(
                    #"belongs to {"model":"m","where":{"a":1,"b":2}}, not to {"model":"m","where":{"a":1}}: "#
                        + "use another file, or remove it to begin anew"), "\(other.errorOutput)")
            let same = try ChildProcess(
                Places.livelog, command + ["--where", "b=2", "--where", "a=1"])
            #expect(await same.ending() == .exited(0), "\(same.errorOutput)")
            #expect(try await server.message().contains(token))
            // One that holds only the token, as it was written before, is taken.
            try token.write(to: file, atomically: true, encoding: .utf8)
            let old = try ChildProcess(Places.livelog, command)
            #expect(await old.ending() == .exited(0), "\(old.errorOutput)")
            #expect(try await server.message().contains(token))
        }
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            ("retained", "to begin anew, remove FILE, and use --from snapshot, start or now"),
            ("offset-ahead", "to begin, use another --from"),
            ("snapshot-too-large", "to get a smaller set, add a --where"),
        ])
    func afterAResetStandardErrorSaysWhatToDo(reason: String, advice: String) async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "place").path
            let server = try await ScriptedServer([
                ScriptedServer.Step(say: [
                    #"{"reset":0,"reason":"\#(reason)","message":"gone"}"#
                ])
            ])
            let subscriber = try ChildProcess(
                Places.livelog,
                [
                    "subscribe", "--server", "http://\(server.address)", "--model", "m",
                    "--token-file", file,
                ])
            #expect(await subscriber.ending() == .exited(1))
            #expect(
                await subscriber.finalErrorOutput.contains(advice.replacing("FILE", with: file)),
                "\(subscriber.errorOutput)")
        }
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            ["--where", "b"], ["--where", "a<true"], ["--where", "a=1", "--where", "a=2"],
            ["--from", "yesterday"], ["--from", "-1"], ["--budget", "0"], ["--catch-up", "some"],
        ])
    func whatCannotBeAskedIsAnErrorOfUsage(options: [String]) async throws {
        let subscriber = try ChildProcess(
            Places.livelog, ["subscribe", "--model", "m"] + options)
        #expect(await subscriber.ending() == .exited(64))
        #expect(subscriber.errorOutput.contains("Usage: livelog subscribe"))
    }

    private static func record(_ number: Int) -> String {
        #"{"offset":\#(number),"action":"CREATED","change":"entered","key":\#(number),"#
            + #""instance":{"id":\#(number)}}"#
    }
}
