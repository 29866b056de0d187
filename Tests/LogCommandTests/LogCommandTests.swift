import Foundation
import LogModel
import LogStorage
import TestSupport
import Testing
import WireProtocol

/// `livelog log` as a process: what it prints and how it ends.
@Suite struct LogCommandTests {
    private static func files(_ path: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            files[name] = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
        }
        return files
    }

    private static func flip(_ path: String, _ name: String, at position: Int) throws {
        let file = URL(filePath: "\(path)/\(name)")
        var bytes = try Data(contentsOf: file)
        bytes[position] ^= 1
        try bytes.write(to: file)
    }

    @Test func aHealthyLogIsFineAndNothingIsChanged() throws {
        try withSampleLog(upkeep: Upkeep(coldAge: 100_000_000)) { path in
            let before = try Self.files(path)
            let verify = try Command("verify", path)
            #expect(verify.status == 0 && verify.lines.last?.hasPrefix("fine; ") == true)
            #expect(verify.output.contains("offsets 0 to 2000, 2000 records"))
            let json = try Command("verify", "--format", "json", path).objects()
            #expect(json.last?["damage"] as? Int == 0 && json.last?["records"] as? Int == 2000)
            for command in ["stat", "cat"] { #expect(try Command(command, path).status == 0) }
            #expect(try Command("repair", "--dry-run", path).status == 0)
            #expect(try Self.files(path) == before)
        }
    }

    @Test func damageIsNamedAndTheExitCodeIsOne() throws {
        try withSampleLog { path in
            let name = try #require(
                try Self.files(path).keys.filter { $0.hasSuffix(".segment") }.min())
            try Self.flip(path, name, at: 9000)
            let verify = try Command("verify", path)
            #expect(verify.status == 1)
            #expect(verify.lines.contains { $0.hasPrefix("damage: \(name), byte ") })
            #expect(verify.lines.last?.hasPrefix("DAMAGED: ") == true)
            let json = try Command("verify", "--format", "json", path).objects()
            let damage = json.filter { $0["severity"] as? String == "damage" }
            #expect(damage.first?["file"] as? String == name && damage.first?["byte"] is Int)
            let cat = try Command("cat", path)
            #expect(cat.status == 1 && cat.errors.contains(name))
        }
    }

    @Test func derivedFilesThatAreMadeAgainAreNoDamage() throws {
        try withSampleLog { path in
            let name = try #require(
                try Self.files(path).keys.filter { $0.hasSuffix(".index") }.min())
            try Self.flip(path, name, at: 5000)
            let verify = try Command("verify", path)
            #expect(verify.status == 0)
            #expect(verify.lines.contains { $0.hasPrefix("stale-derived: \(name)") })
            let repair = try Command("repair", "--dry-run", path)
            #expect(repair.status == 0 && repair.output.contains("make \(name) again"))
        }
    }

    @Test func whatIsNoLogIsAnErrorAndWrongUseIsSixtyFour() throws {
        try withTemporaryDirectory { path in
            for command in ["verify", "stat", "cat"] {
                let result = try Command(command, path)
                #expect(result.status == 1 && result.errors.contains("holds no file meta"))
                #expect(try Command(command).status == 64)
            }
            #expect(try Command("repair", path).status == 1)
            #expect(try Command("cat", "--where", "a=1", path).status == 64)
            #expect(try Command("cat", "--model", "m", "--where", "a", path).status == 64)
        }
    }

    /// Publishes the lines `text` to an empty log in `path`.
    private static func publish(_ text: String, to path: String) throws {
        var limits = ChangeLimits()
        limits.batchCountMax = 100
        var reader = ChangeReader(limits: limits)
        let changes = try reader.read(Array(text.utf8), as: .ndjson, batching: .bySize)
        let writer = try Recovery.open(LogDirectory(path), options: .small).writer
        try writer.commit(changes)
        try writer.close()
    }

    /// The previous record and the memberships of each record.
    private static func memberships(_ path: String) throws -> [String] {
        try Command("cat", "--metadata", path).objects().map { object in
            let facts = [object["previousOfKey"] ?? -1, object["memberships"] ?? []]
            return String(
                decoding: try JSONSerialization.data(
                    withJSONObject: facts, options: .sortedKeys), as: UTF8.self)
        }
    }

    @Test func whatCatPrintsMakesTheSameLogAgain() throws {
        try withSampleLog { path in
            let cat = try Command("cat", path)
            #expect(cat.lines.count == 2000)
            // The first copy is what a server makes of the changes: every scalar is a group.
            try withTemporaryDirectory(inMemory: true) { copy in
                try Self.publish(cat.output, to: copy)
                let again = try Command("cat", copy).output
                #expect(again == cat.output)
                try withTemporaryDirectory(inMemory: true) { second in
                    try Self.publish(again, to: second)
                    #expect(try Self.memberships(second) == Self.memberships(copy))
                }
            }
        }
    }

    @Test func catSelectsByOffsetModelGroupAndKey() throws {
        try withSampleLog(upkeep: Upkeep(coldAge: 100_000_000)) { path in
            let all = try Command("cat", "--metadata", path).objects()
            #expect(all.compactMap { $0["offset"] as? Int } == Array(0..<2000))
            let some = try Command(
                "cat", "--metadata", "--from", "700", "--until", "710", path
            ).objects()
            #expect(some.compactMap { $0["offset"] as? Int } == Array(700..<710))
            let lists = try Command("cat", "--metadata", "--model", "todo.List", path).objects()
            #expect(
                lists.compactMap { $0["offset"] as? Int } == Array(stride(from: 0, to: 2000, by: 5))
            )
            let expected = all.filter { record in
                let memberships = record["memberships"] as? [[String: Any]] ?? []
                return record["model"] as? String == "todo.Task"
                    && memberships.contains { $0["value"] as? Int == 2 }
            }
            let group = try Command(
                "cat", "--metadata", "--model", "todo.Task", "--where", "list_id=2", path
            ).objects()
            #expect(
                group.compactMap { $0["offset"] as? Int }
                    == expected.compactMap { $0["offset"] as? Int })
            let history = try Command(
                "cat", "--metadata", "--model", "todo.Task", "--key", "7", path
            ).objects()
            #expect(
                history.compactMap { $0["offset"] as? Int }
                    == (0..<2000).filter { $0 % 101 == 7 && $0 % 5 != 0 })
        }
    }

    @Test func aClosedPipeEndsCatQuietly() throws {
        try withSampleLog(changes: 6000) { path in
            let result = try Command(["cat", path], into: "head --lines=1")
            #expect(result.status == 0 && result.errors.isEmpty && result.lines.count == 1)
        }
    }

    @Test(arguments: [true, false])
    func statCountsWhatIsThere(isQuick: Bool) throws {
        try withSampleLog(upkeep: Upkeep(coldAge: 100_000_000)) { path in
            let flags = isQuick ? ["--quick"] : []
            let stat = try Command(
                ["stat", "--format", "json", "--top", "2"] + flags + [path], into: "cat"
            )
            .objects().first
            #expect(stat?["records"] as? Int == 2000 && stat?["end"] as? Int == 2000)
            let models = stat?["models"] as? [[String: Any]] ?? []
            #expect(models.map { $0["model"] as? String } == ["todo.Task", "todo.List"])
            #expect(models.map { $0["records"] as? Int } == [1600, 400])
            #expect((models.first?["deleted"] is Int) == !isQuick)
            let groups = stat?["groups"] as? [[String: Any]] ?? []
            #expect(groups.count == 2)
            #expect(groups.allSatisfy { $0["property"] as? String == "list_id" })
            #expect(stat?["compressionRatio"] as? Double ?? 0 > 1)
            // Keys of two models: all of 101 numbers, but for those that only one model has.
            #expect(stat?["instances"] as? Int == 202)
            let text = try Command(["stat"] + flags + [path], into: "cat")
            #expect(text.output.contains("offsets    0 to 2000, 2000 records"))
        }
    }

    @Test func repairSaysWhatCouldBeSaved() throws {
        try withSampleLog(changes: 2100) { path in
            let names = try Self.files(path).keys.filter { $0.hasSuffix(".segment") }.sorted()
            let last = try #require(names.last)
            let bytes = try Data(contentsOf: URL(filePath: "\(path)/\(last)"))
            try Self.flip(path, last, at: try #require(bytes.lastIndex { $0 != 0 }) - 100)
            let before = try Self.files(path)
            let repair = try Command("repair", "--dry-run", "--format", "json", path)
            #expect(repair.status == 1)
            let plan = try repair.objects()
            #expect(plan.contains { $0["step"] as? String == "cut-after-damage" })
            #expect(plan.last?["opens"] as? Bool == false)
            #expect(plan.last?["end"] as? Int ?? 0 > 0)
            #expect(try Self.files(path) == before)
        }
    }
}
