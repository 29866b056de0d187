import Foundation
import LogFormat
import LogModel
import LogStorage
import Testing

/// Repairing, making indexes again, compacting and forking a log that no server works on.
@Suite struct MendingTests {
    private static let options = LogOptions(
        segmentByteCount: LogOptions.segmentByteCountMin, upkeep: Upkeep(coldAge: nil))

    /// The checksums of all records, by offset.
    private static func records(_ path: String) throws -> [Offset: UInt32] {
        let log = try LogInspector(LogDirectory(path)).openLog()
        var found: [Offset: UInt32] = [:]
        for extent in log.extents {
            try extent.forEachRecord(from: extent.segment.base) { found[$0.offset] = $0.checksum }
        }
        return found
    }

    private static func damage(_ path: String) throws -> [Finding] {
        try UpkeptLog.findings(path).findings.filter { $0.severity == .damage }
    }

    private static func aside(_ directory: ScratchDirectory) -> [String] {
        let path = directory.file("aside")
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// Appends a record, and gives the log's lock back.
    private static func append(to directory: ScratchDirectory) throws {
        let writer = try directory.open().writer
        try writer.append([TestChange(key: .string("new"), instance: "{}")])
        try writer.commit()
        try writer.close()
    }

    /// A way to make a log that does not open, and the first record that is lost by it.
    enum Harm: CaseIterable {
        case middleSegmentRemoved, middleHeader, durableRecordOfTheLast, lastRemoved
    }

    @Test(arguments: Harm.allCases, [UpkeptLog.State.unsealed, .sealed, .cold])
    func aRepairedLogOpensWithAllBeforeTheDamage(
        _ harm: Harm, _ state: UpkeptLog.State
    ) throws {
        let log = try UpkeptLog(state, batches: 600)
        let directory = log.directory
        let all = try Self.records(directory.path)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasSuffix(".segment") || $0.hasSuffix(".cold") }.sorted()
        let (middle, last) = (names[names.count / 2], names[names.count - 1])
        var bound = try #require(UInt64(middle.prefix(20)))
        switch harm {
        case .middleSegmentRemoved: try directory.remove(middle)
        case .middleHeader: try directory.flip(middle, at: 40)
        case .lastRemoved:
            bound = try #require(UInt64(last.prefix(20)))
            try directory.remove(last)
        case .durableRecordOfTheLast:
            bound = try #require(UInt64(last.prefix(20)))
            try directory.flip(last, at: SegmentHeader.count + 40)
        }
        #expect(directory.refusal() != nil)
        var repair = LogRepair(LogDirectory(directory.path))
        let plan = try repair.run(options: Self.options)
        #expect(plan.refusal != nil)
        #expect(try Self.records(directory.path) == all.filter { $0.key.rawValue < bound })
        #expect(try Self.damage(directory.path) == [])
        #expect(!Self.aside(directory).isEmpty || harm == .lastRemoved)
        // It takes appends, in an epoch of its own.
        try Self.append(to: directory)
        #expect(
            try Self.records(directory.path).count == all.keys.count { $0.rawValue < bound } + 1)
        var again = LogRepair(LogDirectory(directory.path))
        #expect(try again.run(options: Self.options).refusal == nil)
    }

    @Test func indexesAreMadeAgainAndTheOldOnesKept() throws {
        let log = try UpkeptLog(.sealed, batches: 600)
        let directory = log.directory
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasSuffix(".index") }.sorted()
        let before = try directory.snapshot()
        try directory.remove(names[0])
        try directory.flip(names[1], at: 5000)
        var mending = IndexMending(LogDirectory(directory.path))
        let wanted = try mending.wanted(all: false)
        #expect(
            wanted.map { UInt64(names[$0 == wanted[0] ? 0 : 1].prefix(20)) == $0.rawValue } == [
                true, true,
            ])
        var told: [Offset] = []
        try mending.rebuild(wanted, options: Self.options) { told.append($0) }
        #expect(told == wanted)
        for name in names { #expect(try directory.bytes(name) == before[name], "\(name)") }
        #expect(Self.aside(directory) == [names[1]])
        #expect(try mending.wanted(all: false).isEmpty)
        #expect(try mending.wanted(all: true).count == names.count)
    }

    @Test func compactingKeepsTheLatestRecordsAndTheFilesThatItReplaces() throws {
        let log = try UpkeptLog(.sealed, batches: 600)
        let directory = log.directory
        let all = try Self.records(directory.path)
        let names = try directory.segments()
        var compaction = OfflineCompaction(LogDirectory(directory.path), keepsOriginals: true)
        var removed = 0
        var options = Self.options
        options.upkeep = Upkeep(coldAge: 0, compactAge: 0, tombstoneAge: 0)
        try compaction.run(options: options, now: 1_000_000_000_000) { step in
            if case .compacted(_, let count) = step { removed += count }
        }
        let left = try Self.records(directory.path)
        #expect(removed > 0 && left.count == all.count - removed)
        #expect(left.allSatisfy { all[$0.key] == $0.value })
        #expect(try Self.damage(directory.path).isEmpty)
        #expect(Set(Self.aside(directory)).isSubset(of: names) && !Self.aside(directory).isEmpty)
        // With the files back it is what it was.
        for name in Self.aside(directory) {
            try FileManager.default.removeItem(
                atPath: directory.file(name.replacing(".segment", with: ".cold")))
            try FileManager.default.moveItem(
                atPath: directory.file("aside/\(name)"), toPath: directory.file(name))
        }
        #expect(try Self.records(directory.path) == all)
    }

    @Test(arguments: [UpkeptLog.State.open, .unsealed, .sealed, .cold, .retained])
    func aForkIsTheSameUpToItsPlaceAndGoesItsOwnWay(_ state: UpkeptLog.State) throws {
        let log = try UpkeptLog(state, batches: 600)
        let source = log.directory
        let all = try Self.records(source.path)
        let before = try source.snapshot()
        let (first, end) = (
            try #require(all.keys.min()).rawValue, try #require(all.keys.max()).rawValue + 1
        )
        let original = try LogInspector(LogDirectory(source.path)).openLog()
        for place in [first, first + 1, first + (end - first) / 3, end - 2, end] {
            let target = try ScratchDirectory()
            let fork = LogFork(of: LogDirectory(source.path), into: LogDirectory(target.path))
            let result = try fork.run(at: Offset(place))
            #expect(result.end.rawValue <= place && place - result.end.rawValue < 100)
            let expected = all.filter { $0.key < result.end }
            #expect(try Self.records(target.path) == expected, "\(state) at \(place)")
            #expect(try Self.damage(target.path) == [], "\(state) at \(place)")
            let writer = try target.open().writer
            // A token from before holds in both, one from after only where it is from.
            if result.end > .zero {
                #expect(writer.log.refusal(of: try original.token(at: result.end)) == nil)
            }
            try writer.append([TestChange(key: .string("fork"), instance: "{}")])
            try writer.commit()
            let own = try writer.log.token(at: result.end.next)
            #expect(original.refusal(of: own) != nil)
            try writer.close()
            #expect(try Self.records(target.path).count == expected.count + 1)
            #expect(try source.snapshot() == before)
        }
    }

    @Test func aForkWantsAnEmptyDirectoryAndASegmentThatIsWhole() throws {
        let log = try UpkeptLog(.compacted, batches: 600)
        let source = LogDirectory(log.directory.path)
        let full = try ScratchDirectory()
        try full.write([1], to: "something")
        let refusal = #expect(throws: StorageError.self) {
            try LogFork(of: source, into: LogDirectory(full.path)).run(at: Offset(1))
        }
        #expect(refusal?.message.contains("not empty") == true)
        let target = try ScratchDirectory()
        let cut = #expect(throws: StorageError.self) {
            try LogFork(of: source, into: LogDirectory(target.path)).run(at: Offset(50))
        }
        #expect(cut?.message.contains("compaction took records") == true)
    }
}
