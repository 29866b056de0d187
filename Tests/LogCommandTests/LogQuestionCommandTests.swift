import Foundation
import LogModel
import LogStorage
import TestSupport
import Testing

/// What `livelog log` is asked about instances and groups, as a process: what it prints, and how it ends.
@Suite struct LogQuestionCommandTests {
    @Test func aHistoryIsTextForPeopleAndObjectsForPrograms() throws {
        try withSampleLog { path in
            let text = try Command("history", path, "todo.Task", "7")
            #expect(text.status == 0)
            #expect(
                text.lines.first?.hasPrefix("7  2025-10-09T08:53:20Z  UPDATED  todo.Task 7") == true
            )
            #expect(text.output.contains("    ~ list_id: 1 -> 0"))
            let objects = try Command("history", path, "todo.Task", "7", "--format", "json")
                .objects()
            #expect(
                objects.compactMap { $0["offset"] as? Int }
                    == (0..<2000).filter { $0 % 101 == 7 && $0 % 5 != 0 })
            let part = try Command(
                "history", path, "todo.Task", "7", "--from", "500", "--until",
                "2025-10-09T09:10:00Z", "--format", "json"
            ).objects()
            #expect(
                part.compactMap { $0["offset"] as? Int }
                    == (500..<1000).filter { $0 % 101 == 7 && $0 % 5 != 0 })
            let unknown = try Command("history", path, "todo.Task", "nobody")
            #expect(unknown.status == 1 && unknown.output.isEmpty)
            #expect(
                unknown.errors.contains("no record of todo.Task nobody in its offsets 0 to 2000"))
            #expect(try Command("history", path, "todo.Task").status == 64)
            #expect(try Command("history", path, "t", "k", "--from", "soon").status == 64)
        }
    }

    @Test func aBlameNamesOffsets() throws {
        try withSampleLog { path in
            let blame = try Command("blame", path, "todo.Task", "8", "--format", "json").objects()
            let lines = blame.first?["properties"] as? [[String: Any]] ?? []
            #expect(lines.map { $0["property"] as? String } == ["id", "list_id"])
            #expect(lines.allSatisfy { ($0["offset"] as? Int ?? 0) % 101 == 8 })
            let then = try Command("blame", path, "todo.Task", "8", "--at", "9")
            #expect(then.status == 0 && then.lines.count == 2)
            #expect(then.lines.allSatisfy { $0.contains("  8  ") && $0.contains("UPDATED") })
            #expect(try Command("blame", path, "todo.Task", "8", "--at", "8").status == 1)
        }
    }

    @Test func aStateIsOfOneInstanceOrOfMany() throws {
        try withSampleLog { path in
            let one = try Command("state", path, "todo.Task", "8", "--at", "9", "--format", "json")
            #expect(try one.objects().first?["offset"] as? Int == 8)
            #expect(try Command("state", path, "todo.Task", "8", "--at", "8").status == 1)
            let deleted = try Command("state", path, "todo.Task", "16", "--at", "17")
            #expect(deleted.status == 1 && deleted.errors.contains("was deleted at offset 16"))
            let many = try Command(
                "state", path, "todo.Task", "--where", "list_id=2", "--at", "101", "--format",
                "json"
            ).objects()
            #expect(
                many.compactMap { $0["key"] as? Int }
                    == (0..<101).filter { $0 % 5 != 0 && $0 % 17 != 16 && $0 % 3 == 2 })
            #expect(try Command("state", path, "todo.Task", "8", "--where", "a=1").status == 64)
            #expect(try Command("state", path, "todo.Task", "--where", "a").status == 64)
        }
    }

    @Test func aDifferenceIsBetweenTwoMomentsOrTwoLogs() throws {
        try withSampleLog { path in
            let moments = try Command(
                "diff", path, "--from", "0", "--until", "101", "--format", "json"
            ).objects()
            #expect(moments.count { $0["change"] as? String == "entered" } == 96)
            #expect(
                Set(moments.compactMap { $0["model"] as? String }) == ["todo.Task", "todo.List"])
            let text = try Command("diff", path, "--from", "1990")
            #expect(text.status == 0 && text.lines.last?.contains(" changed, ") == true)
            #expect(try Command("diff", path).status == 64)
            try withSampleLog { other in
                let same = try Command("diff", path, other)
                #expect(
                    same.status == 0 && same.output.contains("the same changes, offsets 0 to 2000"))
            }
            try withSampleLog(changes: 1500) { other in
                let longer = try Command("diff", path, other)
                #expect(longer.status == 1)
                #expect(
                    longer.output.contains("the same up to offset 1500; they end at 2000 and 1500"))
            }
        }
    }

    @Test func whenItBecameTrue() throws {
        try withSampleLog { path in
            let group = try Command(
                "bisect", path, "count >= 20", "--model", "todo.Task", "--where", "list_id=1",
                "--format", "json")
            #expect(group.status == 0)
            let first = try group.objects().first?["first"] as? [String: Any]
            // Batches have 20 changes; the list has its twentieth task in the one from 60 on.
            #expect((60..<80).contains(first?["offset"] as? Int ?? -1))
            #expect(first?["after"] as? Int ?? 0 >= 20)
            let never = try Command(
                "bisect", path, "list_id = 9", "--model", "todo.Task", "--key", "8")
            #expect(never.status == 1 && never.output.contains("never true"))
            #expect(try Command("bisect", path, "total < 0", "--model", "m").status == 64)
            #expect(try Command("bisect", path, "total", "--model", "m", "--key", "1").status == 64)
        }
    }

    @Test func groupsAreListedByWhatIsAsked() throws {
        try withSampleLog { path in
            let groups = try Command(
                "groups", path, "--model", "todo.Task", "--property", "list_id", "--format", "json"
            ).objects()
            #expect(groups.count == 3)
            #expect(groups.compactMap { $0["records"] as? Int }.reduce(0, +) > 1600)
            let top = try Command("groups", path, "--top", "1")
            #expect(top.lines.count == 3 && top.lines.last?.contains("more: --all") == true)
        }
    }

    @Test func catTakesConditionsActionsPlacesAndAText() throws {
        try withSampleLog { path in
            let some = try Command(
                "cat", "--metadata", "--model", "todo.Task", "--where", "list_id in [0,1]",
                "--action",
                "deleted", path
            ).objects()
            #expect(some.allSatisfy { $0["action"] as? String == "DELETED" } && some.count > 20)
            let around = try Command(
                "cat", "--metadata", "--around", "1000", "--context", "3", path)
            #expect(
                try around.objects().compactMap { $0["offset"] as? Int } == Array(997...1003))
            let tasks = try Command(
                "cat", "--metadata", "--model", "todo.List", "--around", "1000", "--context", "2",
                path)
            #expect(
                try tasks.objects().compactMap { $0["offset"] as? Int }
                    == [990, 995, 1000, 1005, 1010])
            let text = try Command("cat", "--format", "text", "--count", "2", path)
            #expect(text.lines.count == 2 && text.lines[0].hasPrefix("0  2025-10-09T08:53:20Z"))
            #expect(try Command("cat", "--around", "1", "--from", "0", path).status == 64)
        }
    }

    @Test func behindADamagedRecordCatGoesOn() throws {
        try withSampleLog { path in
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path)
                    .filter { $0.hasSuffix(".segment") }.min())
            let file = URL(filePath: "\(path)/\(name)")
            var bytes = try Data(contentsOf: file)
            bytes[9000] ^= 1
            try bytes.write(to: file)
            let cat = try Command("cat", "--metadata", path)
            #expect(cat.status == 1 && cat.lines.count == 1999)
            #expect(cat.errors.contains("is not read") && cat.errors.contains(name))
            for command in ["groups", "stat"] {
                let result = try Command(command, path)
                #expect(result.status == 1 && result.errors.contains(name), "\(command)")
                #expect(!result.output.isEmpty, "\(command)")
            }
        }
    }

    @Test func extractingAndForkingMakeLogs() throws {
        try withSampleLog { path in
            try withTemporaryDirectory(inMemory: true) { parent in
                let extracted = try Command(
                    "extract", path, parent + "/part", "--model", "todo.Task", "--where",
                    "list_id=1",
                    "--mask", "todo.Task.list_id", "--format", "json")
                #expect(try extracted.objects().first?["records"] as? Int ?? 0 > 500)
                let cat = try Command("cat", parent + "/part")
                #expect(!cat.output.contains("\"list_id\":1,") && cat.lines.count > 500)
                #expect(try Command("verify", parent + "/part").status == 0)
                let fork = try Command("fork", path, parent + "/fork", "--at", "1001")
                #expect(fork.output.hasPrefix("the same up to offset 1000: "))
                #expect(
                    try Command("diff", path, parent + "/fork").output.contains("up to offset 1000")
                )
                #expect(try Command("verify", parent + "/fork").status == 0)
                let again = try Command("fork", path, parent + "/fork")
                #expect(again.status == 1 && again.errors.contains("not empty"))
                for folder in ["part", "fork"] {
                    try FileManager.default.removeItem(atPath: "\(parent)/\(folder)")
                }
            }
        }
    }

    @Test func mendingSaysWhatItDidAndWhereTheRestIs() throws {
        try withCopyOfSampleLog { path in
            let index = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path)
                    .filter { $0.hasSuffix(".index") }.min())
            let file = URL(filePath: "\(path)/\(index)")
            var bytes = try Data(contentsOf: file)
            bytes[5000] ^= 1
            try bytes.write(to: file)
            let plan = try Command("rebuild-index", "--dry-run", path)
            #expect(plan.status == 0 && plan.output.contains("would make the index"))
            #expect(try Data(contentsOf: file) == bytes)
            let rebuilt = try Command("rebuild-index", path)
            #expect(rebuilt.status == 0 && rebuilt.output.contains("1 files are in \(path)/aside"))
            #expect(try Command("rebuild-index", path).output.contains("all indexes are right"))
            let estimate = try Command("compact", "--dry-run", "--format", "json", path).objects()
            #expect(estimate.first?["superseded"] as? Int ?? 0 > 0)
            let compacted = try Command("compact", path)
            #expect(compacted.status == 0 && compacted.output.contains("took "))
            #expect(try Command("verify", path).status == 0)
            #expect(try Command("repair", path).output.contains("the log opens"))
            try FileManager.default.removeItem(atPath: path + "/aside")
        }
    }

    /// The sample log without the writer that has its lock.
    private func withCopyOfSampleLog(_ body: (String) throws -> Void) throws {
        try withSampleLog { path in
            try withTemporaryDirectory(inMemory: true) { parent in
                let copy = parent + "/copy"
                try FileManager.default.copyItem(atPath: path, toPath: copy)
                defer { try? FileManager.default.removeItem(atPath: copy) }
                try body(copy)
            }
        }
    }
}
