import LogModel
import Sessions
import Testing

struct RestLive1SessionTests {
    private static let subscribe = #"{"model":"m","property":"p","value":1}"#
    private static let unsubscribe = #"{"unsubscribe":true,"model":"m","property":"p","value":1}"#

    @Test func subscribingIsAnsweredByNothing() {
        var fixture = SessionFixture(.restLive1)
        #expect(fixture.receive(Self.subscribe) == ["start 0"])
        fixture.session.begin(0, at: Offset(3), token: "T3")
        #expect(fixture.session.subscriptions[0].isLagging)
        fixture.session.becomeLive(0, token: "T3")
        #expect(fixture.session.subscriptions[0].isLive)
        fixture.session.tellProgress(cursor: Offset(9)) { _ in "T9" }
        fixture.session.receiveBinary()
        #expect(fixture.receive(Self.unsubscribe) == ["stop 0"])
        #expect(fixture.session.outbox.isEmpty)
    }

    @Test func aGroupIsHeldAsOftenAsItWasSubscribedTo() {
        var fixture = SessionFixture(.restLive1)
        fixture.goLive(Self.subscribe)
        #expect(fixture.receive(Self.subscribe) == [])
        // `"1"` and `1` name the same group.
        #expect(fixture.receive(#"{"model":"m","property":"p","value":"1"}"#) == [])
        #expect(fixture.receive(Self.unsubscribe) == [])
        #expect(fixture.receive(Self.unsubscribe) == [])
        #expect(fixture.session.subscriptions[0].isLive)
        #expect(fixture.receive(Self.unsubscribe) == ["stop 0"])
        #expect(fixture.session.subscriptions[0].isOver)
        #expect(fixture.receive(Self.unsubscribe) == [])
        #expect(fixture.receive(Self.subscribe) == ["start 0"])
    }

    @Test func endingWhatWasNotLiveNeedsNoStop() {
        var fixture = SessionFixture(.restLive1)
        _ = fixture.receive(Self.subscribe)
        fixture.session.begin(0, at: .zero, token: "T0")
        #expect(fixture.receive(Self.unsubscribe) == [])
        #expect(fixture.session.subscriptions[0].isOver)
    }

    @Test(arguments: [
        "", "{", "[]", "1", #""x""#, #"{"model":"m"}"#, #"{"model":"m","value":null}"#,
        #"{"unsubscribe":1,"model":"m","property":"q","value":1}"#,
        #"{"subscribe":1,"model":"m"}"#, #"{"model":"m","model":"m","value":1}"#,
    ])
    func whatItDoesNotUnderstandChangesNothing(message: String) {
        var fixture = SessionFixture(.restLive1)
        fixture.goLive(Self.subscribe)
        #expect(fixture.receive(message) == [])
        #expect(fixture.session.subscriptions.count == 1)
        #expect(fixture.session.subscriptions[0].isLive)
        #expect(fixture.session.outbox.isEmpty)
    }

    @Test func oneSubscriptionTooManyIsIgnored() {
        var limits = SessionLimits()
        limits.subscriptionsMax = 2
        var fixture = SessionFixture(.restLive1, limits: limits)
        fixture.goLive(#"{"model":"m","value":1}"#)
        fixture.goLive(#"{"model":"m","value":2}"#)
        #expect(fixture.receive(#"{"model":"m","value":3}"#) == [])
        #expect(fixture.receive(#"{"unsubscribe":1,"model":"m","value":1}"#) == ["stop 0"])
        #expect(fixture.receive(#"{"model":"m","value":3}"#) == ["start 0"])
    }

    @Test func eachRecordIsAFrameOfItsOwnAtOnce() {
        var fixture = SessionFixture(.restLive1)
        fixture.goLive(Self.subscribe, at: 5)
        fixture.deliver(4)
        #expect(fixture.session.outbox.isEmpty)
        fixture.deliver(5)
        fixture.deliver(6, .stayed, .updated)
        fixture.endBatch(7, isForced: true)
        #expect(
            fixture.takeMessages() == [
                #"{"model":"m","instance":{"aB":""},"action":"CREATED","group_key_value":1}"#,
                #"{"model":"m","instance":{"aB":""},"action":"UPDATED","group_key_value":1}"#,
            ])
        #expect(fixture.session.byteCount == 0)
    }

    @Test(arguments: [
        (Membership.entered, Action.created, true), (.entered, .updated, true),
        (.stayed, .updated, true), (.left, .updated, false), (.left, .created, false),
        (.left, .deleted, true),
    ])
    func whoLeavesAGroupIsNoLongerItsAffairUnlessDeleted(
        membership: Membership, action: Action, isTold: Bool
    ) {
        var fixture = SessionFixture(.restLive1)
        fixture.goLive(Self.subscribe)
        fixture.deliver(0, membership, action)
        #expect(fixture.takeMessages().count == (isTold ? 1 : 0))
    }

    @Test func refusingEndsItSilently() {
        var fixture = SessionFixture(.restLive1)
        _ = fixture.receive(Self.subscribe)
        fixture.session.refuse(0, reason: "epoch", message: "no")
        #expect(fixture.session.subscriptions[0].isOver)
        #expect(fixture.session.outbox.isEmpty)
    }
}

extension SessionFixture {
    mutating func deliver(_ offset: UInt64, _ membership: Membership, _ action: Action) {
        self.deliver(offset, to: 0, membership, action)
    }
}
