import Foundation
import LogFormat
import LogModel
import LogStorage
import Testing

/// What `LogInspector` says that opening would do is what opening does.
@Suite struct RepairPlanTests {
    private static func plan(_ directory: ScratchDirectory) throws -> RepairPlan {
        let before = try directory.snapshot()
        let plan = try LogInspector(LogDirectory(directory.path)).repairPlan()
        #expect(try directory.snapshot() == before)
        return plan
    }

    @Test func aLogThatWasClosedNeedsNothing() throws {
        let plan = try Self.plan(try SmallLog(isClosed: true).directory)
        #expect(plan.refusal == nil && plan.steps == [] && plan.end == Offset(6))
    }

    @Test(arguments: [1, 20, 60])
    func aTornTailIsCutAsOpeningCutsIt(from end: Int) throws {
        let log = try SmallLog()
        try log.directory.edit(log.segment) {
            for position in log.end - end..<log.end { $0[position] = 0xA5 }
        }
        let plan = try Self.plan(log.directory)
        #expect(plan.refusal == nil && plan.end == Offset(3))
        let step = try #require(plan.steps.first)
        #expect(plan.steps.count == 1 && step.kind == .cutTail && step.file == log.segment)
        #expect(step.position == log.lastBatch && step.offset == Offset(3))
        let report = try log.directory.open().report
        #expect(report.cutByteCount == step.byteCount && report.end == plan.end)
        #expect(!report.hasNewEpoch)
    }

    @Test(arguments: LogOptions.Acknowledgement.allCases, [true, false])
    func aNewEpochBeginsWhereOpeningBeginsOne(
        acknowledgement: LogOptions.Acknowledgement, isClosed: Bool
    ) throws {
        for isOtherBoot in [true, false] {
            let log = try SmallLog(acknowledgement, isClosed: isClosed)
            if isOtherBoot { try log.directory.pretendOtherBoot() }
            let plan = try Self.plan(log.directory)
            let report = try log.directory.open(acknowledgement).report
            #expect(plan.steps.contains { $0.kind == .beginEpoch } == report.hasNewEpoch)
            #expect(plan.end == report.end)
        }
    }

    @Test func damageIsRefusedWithTheSameErrorAndWhatIsBeforeItCouldBeKept() throws {
        let log = try SmallLog(isClosed: true)
        try log.directory.flip(log.segment, at: log.positions[4] + 30)
        let plan = try Self.plan(log.directory)
        #expect(plan.refusal == log.directory.refusal() && plan.refusal != nil)
        #expect(plan.steps.map(\.kind) == [.cutAfterDamage, .resetMeta])
        #expect(plan.steps.first?.position == log.lastBatch && plan.end == Offset(3))
    }

    @Test(arguments: [UpkeptLog.State.unsealed, .sealed, .cold])
    func whatFollowsAMissingSegmentIsMovedAside(state: UpkeptLog.State) throws {
        let log = try UpkeptLog(state)
        let names = try FileManager.default.contentsOfDirectory(atPath: log.directory.path)
            .filter { $0.hasSuffix(".cold") || $0.hasSuffix(".segment") }.sorted()
        try FileManager.default.removeItem(atPath: log.directory.file(names[2]))
        let plan = try Self.plan(log.directory)
        #expect(plan.refusal == log.directory.refusal() && plan.refusal != nil)
        let aside = plan.steps.filter { $0.kind == .moveAside }.map(\.file)
        #expect(!aside.isEmpty && Array(names[3...].suffix(aside.count)) == aside)
        let end = try #require(plan.end)
        #expect(end > plan.first)
        #expect(end.rawValue <= UInt64(names[2].prefix(20)) ?? 0)
    }

    @Test func aStaleIndexAndLeftoversAreNamed() throws {
        let log = try UpkeptLog(.sealed)
        let index = try #require(
            try FileManager.default.contentsOfDirectory(atPath: log.directory.path).sorted()
                .first { $0.hasSuffix(".index") })
        try log.directory.flip(index, at: 4200)
        try log.directory.write([1, 2, 3], to: "x.tmp")
        let plan = try Self.plan(log.directory)
        #expect(plan.refusal == nil)
        #expect(plan.steps.contains { $0.kind == .rebuildIndex && $0.file == index })
        #expect(plan.steps.contains { $0.kind == .removeLeftover && $0.file == "x.tmp" })
    }
}
