import LogModel
import Sessions
import Testing
import WireProtocol

struct RestLive1SessionTests {
    private static let subscribe = #"{"model":"m","property":"p","value":1}"#
    private static let unsubscribe = #"{"unsubscribe":true,"model":"m","property":"p","value":1}"#

    @Test func subscribingIsAnsweredByNothing() {
        var fixture = SessionFixture(.restLive)
        #expect(fixture.receive(Self.subscribe) == ["start 0"])
        fixture.begin(at: 3)
        #expect(fixture.session.subscriptions[0].isLagging)
        fixture.session.advance(0, to: Offset(5))
        fixture.tellProgress()
        fixture.becomeLive(at: 5)
        #expect(fixture.session.subscriptions[0].isLive)
        fixture.receiveBinary()
        #expect(fixture.receive(Self.unsubscribe) == ["stop 0 live"])
        #expect(fixture.output == [])
    }

    @Test func aGroupIsHeldAsOftenAsItWasSubscribedTo() {
        var fixture = SessionFixture(.restLive)
        fixture.goLive(Self.subscribe)
        #expect(fixture.receive(Self.subscribe) == [])
        // `"1"` and `1` name the same group.
        #expect(fixture.receive(#"{"model":"m","property":"p","value":"1"}"#) == [])
        #expect(fixture.receive(Self.unsubscribe) == [])
        #expect(fixture.receive(Self.unsubscribe) == [])
        #expect(fixture.session.subscriptions[0].isLive)
        #expect(fixture.receive(Self.unsubscribe) == ["stop 0 live"])
        #expect(fixture.session.subscriptions[0].isOver)
        #expect(fixture.receive(Self.unsubscribe) == [])
        #expect(fixture.receive(Self.subscribe) == ["start 0"])
    }

    @Test func whatWasNotLiveCanEnd() {
        var fixture = SessionFixture(.restLive)
        _ = fixture.receive(Self.subscribe)
        fixture.begin(at: 0)
        #expect(fixture.receive(Self.unsubscribe) == ["stop 0 lagging"])
        #expect(fixture.session.subscriptions[0].isOver)
    }

    @Test(arguments: [
        "", "{", "[]", "1", #""x""#, #"{"model":"m"}"#, #"{"model":"m","value":null}"#,
        #"{"unsubscribe":1,"model":"m","property":"q","value":1}"#,
        #"{"subscribe":1,"model":"m"}"#, #"{"model":"m","model":"m","value":1}"#,
    ])
    func whatItDoesNotUnderstandChangesNothing(message: String) {
        var fixture = SessionFixture(.restLive)
        fixture.goLive(Self.subscribe)
        #expect(fixture.receive(message) == [])
        #expect(fixture.session.subscriptions.count == 1)
        #expect(fixture.session.subscriptions[0].isLive)
        #expect(fixture.output == [])
    }

    @Test func oneSubscriptionTooManyIsIgnored() {
        var limits = SessionLimits()
        limits.subscriptionsMax = 2
        var fixture = SessionFixture(.restLive, limits: limits)
        fixture.goLive(#"{"model":"m","value":1}"#)
        fixture.goLive(#"{"model":"m","value":2}"#)
        #expect(fixture.receive(#"{"model":"m","value":3}"#) == [])
        #expect(fixture.receive(#"{"unsubscribe":1,"model":"m","value":1}"#) == ["stop 0 live"])
        #expect(fixture.receive(#"{"model":"m","value":3}"#) == ["start 0"])
    }

    @Test func refusingEndsItSilently() {
        var fixture = SessionFixture(.restLive)
        _ = fixture.receive(Self.subscribe)
        fixture.refuse(0, .epoch, "no")
        #expect(fixture.session.subscriptions[0].isOver)
        #expect(fixture.output == [])
    }
}
