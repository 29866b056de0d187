import LogFormat
import LogModel
import Sessions
import TestSupport
import Testing
import WireProtocol

/// When a frame ends, and what it then says.
struct FrameComposerTests {
    /// A composer and the renderer of its loop.
    struct Fixture {
        var composer: FrameComposer
        var renderer = RecordRenderer()
        let form: RecordForm

        init(
            _ dialect: Dialect = .livelog1, joinsBatches: Bool = true, goal: Int = 64 << 10,
            most: Int = 512 << 10, form: RecordForm = .livelog1
        ) {
            self.form = form
            var limits = SessionLimits()
            limits.frameByteCountGoal = goal
            limits.frameByteCountMax = most
            self.composer = FrameComposer(
                dialect: dialect, joinsBatches: joinsBatches, limits: limits)
        }

        mutating func add(
            _ offset: Int, to id: UInt64 = 7, _ change: SetChange = .entered,
            _ action: Action = .created, pad: Int = 0
        ) {
            let text = String(repeating: "x", count: pad)
            let sample = SampleRecord(
                action, model: "m", key: .number(1), offset: Offset(UInt64(offset)),
                groups: [.init("p", .number(1), .entered)], instance: "{\"a_b\":\"\(text)\"}")
            self.composer.add(
                sample.view, change, sample.view.group(0), to: id, as: self.form,
                by: &self.renderer)
        }

        mutating func endBatch(_ next: Int, isForced: Bool = false) {
            self.composer.endBatch(isForced: isForced) { "T\(next)" }
        }

        mutating func takeMessages() -> [String] {
            TextFrames.texts(in: self.composer.take().bytes)
        }
    }

    private static func record(_ offset: Int, pad: Int = 0) -> String {
        let text = String(repeating: "x", count: pad)
        return #"{"offset":\#(offset),"action":"CREATED","change":"entered","key":1,"#
            + #""instance":{"a_b":"\#(text)"}}"#
    }

    @Test func aBatchThatIsTooLargeForAFrameComesInParts() {
        var fixture = Fixture(most: 200)
        for offset in 0..<4 { fixture.add(offset, pad: 100) }
        fixture.endBatch(4, isForced: true)
        let record = { (offset: Int) in Self.record(offset, pad: 100) }
        #expect(
            fixture.takeMessages() == [
                #"{"changes":7,"records":[\#(record(0)),\#(record(1))],"more":true}"#,
                #"{"changes":7,"token":"T4","records":[\#(record(2)),\#(record(3))]}"#,
            ])
    }

    @Test func aBatchThatGoesOnElsewhereEndsThereAlsoWithoutARecord() {
        var first = Fixture()
        first.add(0)
        #expect(first.composer.endPart() == [7])
        #expect(
            first.takeMessages() == [
                #"{"changes":7,"records":[\#(Self.record(0))],"more":true}"#
            ])
        var second = Fixture()
        second.composer.continueBatch(for: 7)
        #expect(second.composer.endPart() == [7])
        #expect(second.takeMessages() == [])
        var last = Fixture()
        last.composer.continueBatch(for: 7)
        last.endBatch(9)
        #expect(last.takeMessages() == [#"{"changes":7,"token":"T9","records":[]}"#])
    }

    @Test func nothingIsCompleteBeforeABatchEnds() {
        var fixture = Fixture()
        #expect(fixture.composer.isEmpty)
        fixture.add(0)
        #expect(!fixture.composer.isEmpty)
        #expect(fixture.composer.byteCount == Self.record(0).utf8.count)
        #expect(fixture.takeMessages() == [])
        fixture.add(1)
        fixture.endBatch(2, isForced: true)
        #expect(
            fixture.takeMessages() == [
                #"{"changes":7,"token":"T2","records":[\#(Self.record(0)),\#(Self.record(1))]}"#
            ])
        #expect(fixture.composer.isEmpty)
        fixture.endBatch(3, isForced: true)
        #expect(fixture.takeMessages() == [])
    }

    @Test func oneSubscriptionGetsSeveralBatchesInAFrameUpToItsSize() {
        // Each record has about 120 bytes with its padding: the third reaches the goal.
        var fixture = Fixture(goal: 300)
        for offset in 0..<4 {
            fixture.add(offset, pad: 40)
            fixture.endBatch(offset + 1)
        }
        let records = (0..<4).map { Self.record($0, pad: 40) }
        #expect(
            fixture.takeMessages() == [
                #"{"changes":7,"token":"T3","records":[\#(records[..<3].joined(separator: ","))]}"#
            ])
        fixture.endBatch(9, isForced: true)
        #expect(
            fixture.takeMessages() == [#"{"changes":7,"token":"T9","records":[\#(records[3])]}"#])
    }

    @Test func severalSubscriptionsGetAFrameForEachBatchInTheLogsOrder() {
        var fixture = Fixture(joinsBatches: false)
        fixture.add(0, to: 2)
        fixture.endBatch(1)
        fixture.add(1, to: 1)
        fixture.add(1, to: 2)
        fixture.endBatch(2)
        #expect(
            fixture.takeMessages() == [
                #"{"changes":2,"token":"T1","records":[\#(Self.record(0))]}"#,
                #"{"changes":1,"token":"T2","records":[\#(Self.record(1))]}"#,
                #"{"changes":2,"token":"T2","records":[\#(Self.record(1))]}"#,
            ])
    }

    @Test func aTokenIsMadeOnlyForAFrame() {
        var fixture = Fixture()
        fixture.add(0)
        fixture.composer.endBatch {
            Issue.record("a frame that goes on needs no token")
            return ""
        }
        fixture.endBatch(2, isForced: true)
        #expect(fixture.takeMessages().count == 1)
    }

    @Test func aLeaverCarriesNoInstance() {
        var fixture = Fixture()
        fixture.add(0, .left, .updated, pad: 5)
        fixture.endBatch(1, isForced: true)
        #expect(
            fixture.takeMessages() == [
                #"{"changes":7,"token":"T1","records":["#
                    + #"{"offset":0,"action":"UPDATED","change":"left","key":1}]}"#
            ])
    }

    @Test func aRestLiveRecordIsAFrameOfItsOwnAtOnce() {
        var fixture = Fixture(.restLive, form: .restLive1(model: nil))
        fixture.add(5)
        fixture.add(6, .updated, .updated)
        #expect(
            fixture.takeMessages() == [
                #"{"model":"m","instance":{"aB":""},"action":"CREATED","group_key_value":1}"#,
                #"{"model":"m","instance":{"aB":""},"action":"UPDATED","group_key_value":1}"#,
            ])
        #expect(fixture.composer.isEmpty)
    }

    @Test(arguments: [
        (SetChange.entered, true), (.updated, true), (.left, false), (.deleted, true),
    ])
    func whoLeavesAGroupIsNoLongerItsAffairUnlessDeleted(change: SetChange, isTold: Bool) {
        var fixture = Fixture(.restLive, form: .restLive1(model: nil))
        fixture.add(0, change)
        #expect(fixture.takeMessages().count == (isTold ? 1 : 0))
    }
}

extension FrameComposerTests.Fixture {
    fileprivate mutating func add(
        _ offset: Int, _ change: SetChange, _ action: Action = .created, pad: Int = 0
    ) {
        self.add(offset, to: 7, change, action, pad: pad)
    }
}
