import Foundation
import TestSupport
import Testing

/// `livelog replay`: the changes of one server's log at another server, once and in their batches.
@Suite struct ReplayCommandTests {
    @Test(.timeLimit(.minutes(2)))
    func theCopyIsTheSource() async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 300)
            let summary = try await target.replay(source, ["--speed", "max"])
            #expect(summary.status == 0, "\(summary.errors)")
            #expect(summary.complete && summary.batches == 300 && summary.records == 1500)
            #expect(summary.target.map(\.first) == [0] && summary.target.map(\.last) == [1499])
            #expect(summary.repeatedBatches == 0 && summary.removed == 0 && summary.bytes > 1500)
            try await expectSame(source, target)
            // Once more: nothing is there twice.
            let again = try await target.replay(source, ["--speed", "max"])
            #expect(again.status == 0 && again.repeatedBatches == 300 && again.target.isEmpty)
            try await expectSame(source, target)
            // Under another name it is another replay.
            let other = try await target.replay(source, ["--speed", "max", "--run", "second"])
            #expect(other.status == 0 && other.repeatedBatches == 0)
            #expect(try await target.log("cat").count == 3000)
        }
    }

    /// What `docs/replay.md` tells to type, on a log of its own, and at a server that listens elsewhere.
    @Test(.timeLimit(.minutes(2)))
    func theCommandsOfThePageWork() async throws {
        let page = try String(
            contentsOf: Places.repository.appending(path: "docs/replay.md"), encoding: .utf8)
        let commands = page.split(separator: "\n").filter { $0.hasPrefix("    ") }
            .map { $0.trimmingCharacters(in: .whitespaces).replacing("$ ", with: "") }
            .filter { $0.hasPrefix("livelog replay ") }
        #expect(commands.count >= 3)
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 20)
            for command in commands {
                let words = command.split(separator: " ").dropFirst().map { word in
                    switch word {
                    case "livelog-data": source.data.path
                    case "http://127.0.0.1:8081": target.server.url
                    case "replay.state": target.directory.appending(path: "replay.state").path
                    default: String(word)
                    }
                }
                let run = try ChildProcess(Places.livelog, words)
                #expect(await run.ending() == .exited(0), "\(command): \(run.errorOutput)")
            }
            try await expectSame(source, target)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func stretchesThatMeetMakeTheSource() async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 40)
            // 52 and 123 are in the middle of a batch.
            for stretch in [
                ["--until", "52"], ["--from", "52", "--until", "123"], ["--from", "123"],
            ] {
                let summary = try await target.replay(source, ["--speed", "max"] + stretch)
                #expect(summary.status == 0 && summary.repeatedBatches == 0)
            }
            try await expectSame(source, target)
        }
    }

    @Test(.timeLimit(.minutes(3)), arguments: [["--state-file", "state"], []], [SIGKILL, SIGINT])
    func aRunThatWasStoppedGoesOn(options: [String], signal: Int32) async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 1000)
            var generator = SeededGenerator.ofThisRun()
            print("\(generator)")
            let arguments = ["--speed", "max", "--window", "2"] + options
            var last = 0
            for _ in 0..<3 {
                let follower = try target.server.subscribe(model: "todo.Task", where: "list_id=1")
                let run = try target.startReplay(source, arguments)
                last = min(last + Int.random(in: 1...60, using: &generator), 300)
                try await follower.skip(last)
                kill(run.processIdentifier, signal)
                let ending = await run.ending()
                // It may have come to its end before; or not yet to where it hears signals.
                let endings: [ChildProcess.Ending] = [
                    .exited(0), .exited(1), .killed(signal: signal),
                ]
                #expect(endings.contains(ending), "\(run.errorOutput)")
                await follower.kill()
            }
            let summary = try await target.replay(source, arguments)
            #expect(summary.status == 0 && summary.complete, "\(summary.errors)")
            if !options.isEmpty, signal == SIGINT {
                #expect(summary.errors.contains("going on from offset"))
                #expect(summary.repeatedBatches <= 2, "more than was on its way")
            }
            try await expectSame(source, target)
            let again = try await target.replay(source, arguments)
            #expect(again.status == 0 && again.batches == (options.isEmpty ? 1000 : 0))
            try await expectSame(source, target)
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func aTargetThatIsAwayIsWaitedFor() async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 1000)
            let run = try target.startReplay(source, ["--speed", "max", "--window", "3"])
            for seen in [20, 150, 400] {
                let follower = try target.server.subscribe(model: "todo.Task", where: "list_id=1")
                try await follower.skip(seen)
                await target.server.kill()
                await follower.kill()
                try await target.server.restart()
            }
            let summary = try await Summary(of: run)
            #expect(summary.status == 0 && summary.complete, "\(summary.errors)")
            #expect(summary.errors.contains("connected again"))
            try await expectSame(source, target)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aTargetThatStaysAwayIsGivenUp() async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 3)
            await target.server.kill()
            let summary = try await target.replay(source, ["--speed", "max", "--retry-for", "0"])
            #expect(summary.status == 1 && !summary.complete && summary.batches == 0)
            #expect(summary.errors.contains("connection refused"), "\(summary.errors)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aTargetThatHasLostSomethingIsNotGoneOnWith() async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 20)
            let state = ["--speed", "max", "--state-file", "state"]
            let first = try await target.replay(source, state + ["--until", "50"])
            #expect(first.status == 0 && first.records == 50)
            await target.server.kill()
            try FileManager.default.removeItem(at: target.data)
            try await target.server.restart()
            let second = try await target.replay(source, state)
            #expect(second.status == 1 && !second.complete)
            #expect(second.errors.contains("has lost what it had acknowledged"))
            // As often as it is tried.
            let third = try target.startReplay(source, state)
            #expect(await third.ending() == .exited(1))
            #expect(await third.finalErrorOutput.contains("had lost what it had acknowledged"))
            let anew = try await target.replay(source, ["--speed", "max", "--run", "anew"])
            #expect(anew.status == 0 && anew.batches == 20 && anew.repeatedBatches == 0)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func ofADamagedLogWhatIsBeforeTheDamageIsSent() async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 200)
            let all = try await source.log("cat")
            await source.server.stop()
            let files = try FileManager.default.contentsOfDirectory(atPath: source.data.path)
            let name = try #require(files.first { $0.hasSuffix(".segment") })
            let file = source.data.appending(path: name)
            var bytes = try Data(contentsOf: file)
            let text = try #require(all.randomElement()?.firstMatch(of: /"text":"([^"]+)"/)?.1)
            bytes[try #require(bytes.firstRange(of: Data(text.utf8))).lowerBound] ^= 1
            try bytes.write(to: file)
            let summary = try await target.replay(source, ["--speed", "max"])
            #expect(summary.status == 1 && !summary.complete)
            let damaged = try #require(all.firstIndex { $0.contains(text) })
            #expect(
                summary.errors.contains("the record \(damaged) is not read: "), "\(summary.errors)")
            #expect(summary.errors.contains("offset \(damaged)"), "\(summary.errors)")
            let sent = try await target.log("cat")
            #expect(sent == Array(all.prefix(sent.count)) && sent.count % 5 == 0)
            #expect(sent.count == damaged / 5 * 5)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func whatAFilterLeavesOfABatchIsOneBatch() async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 100)
            let summary = try await target.replay(
                source, ["--speed", "max", "--model", "todo.Task", "--where", "list_id=1"])
            #expect(summary.status == 0, "\(summary.errors)")
            let expected = try await source.log(
                "cat", ["--model", "todo.Task", "--where", "list_id=1"])
            #expect(!expected.isEmpty)
            #expect(try await target.log("cat") == expected)
            #expect(summary.records == expected.count)
            #expect(summary.notSelected == 500 - expected.count)
            let wanted = try await source.batches().map { $0.filter(Set(expected).contains) }
            #expect(try await target.batches() == wanted.filter { !$0.isEmpty })
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func atAPaceTheOrderIsTheSameAndLatenessIsTold() async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 50)
            let summary = try await target.replay(source, ["--speed", "5"])
            #expect(summary.status == 0 && summary.records == 250, "\(summary.errors)")
            let late = try #require(summary.sentLate)
            let acknowledged = try #require(summary.acknowledgedAfterDue)
            #expect(0 <= late.p50 && late.p50 <= late.p99 && late.p99 <= late.max)
            #expect(late.max <= acknowledged.max)
            try await expectSame(source, target)
        }
    }

    /// The target finds no key in the second change of one batch, until it is told where that is.
    @Test(.timeLimit(.minutes(2)))
    func aRefusedBatchIsTheEndAndCanBePutRight() async throws {
        try await withSourceAndTarget(configuration: Self.configuration(key: "uid")) {
            source, target in
            try await source.publish(batches: 20)
            try await source.server.publish(lines: Self.otherChanges)
            try await source.publish(batches: 20)
            let arguments = ["--speed", "max", "--window", "1", "--state-file", "state"]
            let first = try await target.replay(source, arguments)
            #expect(first.status == 1 && !first.complete && first.batches == 20)
            #expect(first.refused.map(\.first) == [100] && first.refused.map(\.offset) == [101])
            #expect(first.refused.map(\.code) == ["missing-key"] && first.missing.isEmpty)
            #expect(first.errors.contains("--skip-refused"), "\(first.errors)")
            #expect(try await target.log("cat").count == 100)

            try Self.configuration(key: "id").write(
                to: target.configuration, atomically: true, encoding: .utf8)
            await target.server.kill()
            try await target.server.restart()
            let second = try await target.replay(source, arguments)
            #expect(second.status == 0 && second.batches == 21, "\(second.errors)")
            try await expectSame(source, target)
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: [true, false])
    func whatIsLeftOutIsSaid(skips: Bool) async throws {
        try await withSourceAndTarget(configuration: Self.configuration(key: "uid")) {
            source, target in
            try await source.publish(batches: 20)
            try await source.server.publish(lines: Self.otherChanges)
            try await source.publish(batches: 20)
            let options = skips ? ["--skip-refused"] : []
            let summary = try await target.replay(
                source, ["--speed", "max", "--state-file", "state"] + options)
            // All 41 are on their way at once, so those behind the refused one are there in both cases.
            #expect(summary.status == (skips ? 0 : 1))
            #expect(summary.refused.map(\.first) == [100] && summary.missing == [[100, 101]])
            #expect(summary.batches == 40)
            let all = try await source.log("cat")
            #expect(try await target.log("cat") == all.filter { !$0.contains("other.") })
            // A further run remembers it.
            let again = try await target.replay(
                source, ["--speed", "max", "--state-file", "state"] + options)
            #expect(again.status == 0 && again.batches == 0 && again.missing == [[100, 101]])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func wrongUseIsSixtyFourAndAStateOfAnotherReplayIsRefused() async throws {
        try await withSourceAndTarget { source, target in
            try await source.publish(batches: 3)
            for options in [
                ["--where", "a=1"], ["--speed", "0"], ["--from", "yesterday"], ["--window", "0"],
                ["--model", "m", "--where", "a"], ["--model", ""], ["--retry-for", "-1"],
            ] {
                let run = try target.startReplay(source, options)
                #expect(await run.ending() == .exited(64), "\(options)")
            }
            let noURL = try ChildProcess(
                Places.livelog, ["replay", source.data.path, "--to", "nowhere"])
            #expect(await noURL.ending() == .exited(64))
            let noLog = try ChildProcess(
                Places.livelog, ["replay", source.directory.path, "--to", target.server.url])
            #expect(await noLog.ending() == .exited(1))
            #expect(await noLog.finalErrorOutput.contains("no log"))

            let first = try await target.replay(
                source, ["--speed", "max", "--state-file", "state"])
            #expect(first.status == 0)
            let other = try target.startReplay(
                source, ["--speed", "max", "--state-file", "state", "--model", "m"])
            #expect(await other.ending() == .exited(1))
            #expect(await other.finalErrorOutput.contains("belongs to"), "\(other.errorOutput)")
        }
    }

    /// One batch.
    private static let otherChanges = """
        {"model":"other.One","action":"CREATED","instance":{"id":1}}
        {"model":"other.Two","action":"CREATED","instance":{"id":1}}

        """

    private static func configuration(key: String) -> String {
        """
        unlisted_models: open
        models:
          other.Two: {key: \(key), views: [{who: everyone}], publish: everyone}
        """
    }
}

// MARK: - Two servers

/// A server with the directory of its log.
private struct Place {
    let server: LivelogServer
    let directory: URL

    var data: URL { directory.appending(path: "data") }
    var configuration: URL { directory.appending(path: "livelog.yaml") }

    /// Publishes batches of five changes, each with all models and lists.
    func publish(batches: Int) async throws {
        let file = directory.appending(path: "changes.ndjson")
        let lines = (0..<5 * batches).map { number in
            let model = number % 5 == 4 ? "todo.List" : "todo.Task"
            let action = number % 7 == 6 ? "DELETED" : "UPDATED"
            return #"{"model":"\#(model)","action":"\#(action)","instance":"#
                + #"{"id":\#(number % 101),"list_id":\#(number % 3),"text":"\#(UUID())"}}"#
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        let publish = try server.publish(file, options: ["--batch-count", "5"])
        #expect(await publish.ending() == .exited(0), "\(publish.errorOutput)")
    }

    /// What `livelog log` prints of the log.
    func log(_ command: String, _ options: [String] = []) async throws -> [String] {
        try await ChildProcess(Places.livelog, ["log", command, data.path] + options).output()
    }

    /// The changes by their batches.
    func batches() async throws -> [[String]] {
        let changes = try await log("cat")
        var batches: [[String]] = []
        for (change, metadata) in zip(changes, try await log("cat", ["--metadata"])) {
            if metadata.contains(#""firstOfBatch":true"#) { batches.append([]) }
            batches[batches.count - 1].append(change)
        }
        return batches
    }

    func startReplay(_ source: Place, _ options: [String]) throws -> ChildProcess {
        let arguments = options.map { $0 == "state" ? directory.appending(path: "state").path : $0 }
        return try ChildProcess(
            Places.livelog,
            ["replay", source.data.path, "--to", server.url, "--format", "json"] + arguments)
    }

    func replay(_ source: Place, _ options: [String]) async throws -> Summary {
        try await Summary(of: startReplay(source, options))
    }
}

private func withSourceAndTarget(
    configuration: String? = nil, _ body: (Place, Place) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        let (one, other) = (
            directory.appending(path: "source"), directory.appending(path: "target")
        )
        for folder in [one, other] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        var options: [String] = []
        if let configuration {
            let file = other.appending(path: "livelog.yaml")
            try configuration.write(to: file, atomically: true, encoding: .utf8)
            options = ["--config", file.path]
        }
        try await withServer(in: one) { source in
            try await withServer(in: other, options: options) { target in
                try await body(
                    Place(server: source, directory: one), Place(server: target, directory: other))
            }
        }
    }
}

extension ChildProcess {
    /// Reads so many lines.
    fileprivate func skip(_ count: Int) async throws {
        for number in 0..<count where await nextLine() == nil {
            throw failure("ended after \(number) of \(count) lines")
        }
    }
}

private func expectSame(_ source: Place, _ target: Place) async throws {
    let batches = try await source.batches()
    #expect(!batches.isEmpty)
    #expect(try await target.batches() == batches)
}

/// What a run of `livelog replay` said at its end.
@dynamicMemberLookup
private struct Summary {
    struct Quantiles: Decodable {
        let p50: Double
        let p99: Double
        let max: Double
    }

    struct Refusal: Decodable {
        let first: UInt64
        let last: UInt64
        let offset: UInt64?
        let code: String
    }

    struct Stretch: Decodable {
        let epoch: String
        let first: UInt64
        let last: UInt64
    }

    struct Object: Decodable {
        let complete: Bool
        let batches: Int
        let records: Int
        let repeatedBatches: Int
        let bytes: Int
        let notSelected: Int
        let removed: Int
        let refused: [Refusal]
        let missing: [[UInt64]]
        let target: [Stretch]
        let sentLate: Quantiles?
        let acknowledgedAfterDue: Quantiles?
    }

    let status: Int32
    let errors: String
    private let object: Object

    subscript<Value>(dynamicMember path: KeyPath<Object, Value>) -> Value { object[keyPath: path] }

    /// Waits for the end.
    init(of run: ChildProcess) async throws {
        var lines: [String] = []
        while let line = await run.nextLine() { lines.append(line) }
        guard case .exited(let status) = await run.ending(), let line = lines.last else {
            throw run.failure("said nothing at its end")
        }
        self.status = status
        self.errors = run.errorOutput
        self.object = try JSONDecoder().decode(Object.self, from: Data(line.utf8))
    }
}
