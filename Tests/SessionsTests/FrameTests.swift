import LogModel
import Sessions
import Testing

/// When a `changes` frame of `livelog.v1` ends, and what it then says.
struct FrameTests {
    private static func record(_ offset: Int, pad: Int = 0) -> String {
        let text = String(repeating: "x", count: pad)
        return #"{"offset":\#(offset),"action":"CREATED","change":"entered","key":1,"#
            + #""instance":{"a_b":"\#(text)"}}"#
    }

    @Test func nothingIsSentBeforeABatchEnds() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#)
        fixture.deliver(0)
        #expect(fixture.session.outbox.isEmpty)
        #expect(fixture.session.byteCount == Self.record(0).utf8.count)
        fixture.deliver(1)
        fixture.endBatch(2, isForced: true)
        #expect(
            fixture.takeMessages() == [
                #"{"changes":7,"token":"T2","records":[\#(Self.record(0)),\#(Self.record(1))]}"#
            ])
        #expect(fixture.session.byteCount == 0)
        fixture.endBatch(3, isForced: true)
        #expect(fixture.session.outbox.isEmpty)
    }

    @Test func whatASubscriptionHasHadItDoesNotGetAgain() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#, at: 5)
        for offset in 3...6 as ClosedRange<UInt64> { fixture.deliver(offset) }
        fixture.endBatch(7, isForced: true)
        #expect(
            fixture.takeMessages() == [
                #"{"changes":7,"token":"T7","records":[\#(Self.record(5)),\#(Self.record(6))]}"#
            ])
    }

    @Test func oneSubscriptionGetsSeveralBatchesInAFrameUpToItsSize() {
        var limits = SessionLimits()
        limits.frameByteCountGoal = 300
        var fixture = SessionFixture(.livelog1, limits: limits)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#)
        // Each record has about 120 bytes with its padding: the third reaches the goal.
        for offset in 0..<4 as Range<UInt64> {
            fixture.deliver(offset, pad: 40)
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
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":1,"model":"m"}"#)
        fixture.goLive(#"{"subscribe":2,"model":"m","where":{"p":1}}"#)
        fixture.deliver(0, to: 1)
        fixture.endBatch(1)
        fixture.deliver(1, to: 0)
        fixture.deliver(1, to: 1)
        fixture.endBatch(2)
        #expect(
            fixture.takeMessages() == [
                #"{"changes":2,"token":"T1","records":[\#(Self.record(0))]}"#,
                #"{"changes":1,"token":"T2","records":[\#(Self.record(1))]}"#,
                #"{"changes":2,"token":"T2","records":[\#(Self.record(1))]}"#,
            ])
    }

    @Test func whatOneSubscriptionWasToldTheOtherIsStillTold() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":1,"model":"m"}"#)
        fixture.goLive(#"{"subscribe":2,"model":"m","where":{"p":2}}"#)
        fixture.deliver(0, to: 0)
        fixture.endBatch(1)
        _ = fixture.takeMessages()
        fixture.session.tellProgress(cursor: Offset(1)) { "C\($0)" }
        #expect(fixture.takeMessages() == [#"{"covered":2,"token":"C1","live":true}"#])
        fixture.session.tellProgress(cursor: Offset(1)) { "C\($0)" }
        #expect(fixture.session.outbox.isEmpty)
    }

    @Test func progressIsThatOfTheLoopIfLiveAndOfTheSubscriptionIfNot() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":1,"model":"m"}"#, at: 4)
        _ = fixture.receive(#"{"subscribe":2,"model":"n"}"#)
        fixture.session.begin(1, at: Offset(2), token: "B2")
        _ = fixture.receive(#"{"subscribe":3,"model":"o"}"#)
        fixture.session.advance(1, to: Offset(3))
        _ = fixture.takeMessages()
        fixture.session.tellProgress(cursor: Offset(9)) { "C\($0)" }
        #expect(
            fixture.takeMessages() == [
                #"{"covered":1,"token":"C9","live":true}"#, #"{"covered":2,"token":"C3"}"#,
            ])
    }

    @Test func progressIsNotToldToABlockedSessionNorWithoutAToken() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":1,"model":"m"}"#)
        fixture.session.isBlocked = true
        fixture.session.tellProgress(cursor: Offset(9)) { "C\($0)" }
        #expect(fixture.session.outbox.isEmpty)
        fixture.session.isBlocked = false
        fixture.session.tellProgress(cursor: Offset(9)) { _ in nil }
        #expect(fixture.session.outbox.isEmpty)
        fixture.session.tellProgress(cursor: Offset(9)) { "C\($0)" }
        #expect(fixture.takeMessages() == [#"{"covered":1,"token":"C9","live":true}"#])
    }

    @Test func endingDropsWhatWasBeingFilled() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":1,"model":"m"}"#)
        fixture.deliver(0)
        _ = fixture.receive(#"{"unsubscribe":1}"#)
        fixture.endBatch(1, isForced: true)
        #expect(fixture.takeMessages() == [#"{"unsubscribed":1}"#])
    }

    @Test func aLeaverCarriesNoInstance() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":1,"model":"m"}"#)
        fixture.deliver(0, to: 0, .left, .updated, pad: 5)
        fixture.endBatch(1, isForced: true)
        #expect(
            fixture.takeMessages() == [
                #"{"changes":1,"token":"T1","records":["#
                    + #"{"offset":0,"action":"UPDATED","change":"left","key":1}]}"#
            ])
    }
}
