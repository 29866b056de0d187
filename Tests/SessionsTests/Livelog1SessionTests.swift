import LogModel
import Sessions
import Testing
import WireProtocol

struct Livelog1SessionTests {
    @Test func aSubscriptionGoesFromStartingOverLaggingToLiveAndBack() {
        var fixture = SessionFixture(.livelog1)
        #expect(
            fixture.receive(#"{"subscribe":7,"model":"m","where":{"p":1},"from":"start"}"#)
                == ["start 0"])
        #expect(fixture.session.subscriptions[0].phase == .starting)
        #expect(fixture.takeMessages() == [])

        fixture.begin(at: 4)
        #expect(fixture.session.subscriptions[0].isLagging)
        #expect(fixture.session.subscriptions[0].next == Offset(4))
        #expect(fixture.takeMessages() == [#"{"subscribed":7,"token":"T4","plan":"group"}"#])

        fixture.session.advance(0, to: Offset(9))
        fixture.session.advance(0, to: Offset(6))
        #expect(fixture.session.subscriptions[0].next == Offset(9))
        #expect(fixture.session.liveSlots == [])

        fixture.becomeLive(at: 9)
        #expect(fixture.session.subscriptions[0].isLive)
        #expect(fixture.session.liveSlots == [0])
        #expect(fixture.takeMessages() == [#"{"covered":7,"token":"T9","live":true}"#])

        fixture.session.becomeLagging(0, from: Offset(12))
        #expect(fixture.session.subscriptions[0].isLagging)
        #expect(fixture.session.subscriptions[0].next == Offset(12))

        #expect(fixture.receive(#"{"unsubscribe":7}"#) == ["stop 0 lagging"])
        #expect(fixture.session.subscriptions[0].isOver)
        #expect(fixture.takeMessages() == [#"{"unsubscribed":7}"#])
    }

    @Test func aSnapshotComesBeforeLagging() {
        var fixture = SessionFixture(.livelog1)
        _ = fixture.receive(#"{"subscribe":7,"model":"m","from":"snapshot"}"#)
        fixture.beginWithSnapshot(at: 9)
        #expect(
            fixture.takeMessages() == [#"{"subscribed":7,"plan":"group","snapshot":"budget"}"#])
        #expect(fixture.session.subscriptions[0].phase == .summarizing)
        #expect(fixture.session.subscriptions[0].isBehind)
        fixture.session.endSummary(0)
        #expect(fixture.session.subscriptions[0].isLagging)
        #expect(fixture.session.subscriptions[0].next == Offset(9))
    }

    @Test func endingALiveSubscriptionStopsIt() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#)
        fixture.goLive(#"{"subscribe":8,"model":"m"}"#)
        #expect(fixture.receive(#"{"unsubscribe":7}"#) == ["stop 0 live"])
        #expect(fixture.takeMessages() == [#"{"unsubscribed":7}"#])
        #expect(fixture.session.liveSlots == [1])
    }

    @Test func theSameFilterCanBeWantedTwice() {
        var fixture = SessionFixture(.livelog1)
        #expect(fixture.receive(#"{"subscribe":7,"model":"m"}"#) == ["start 0"])
        #expect(fixture.receive(#"{"subscribe":8,"model":"m"}"#) == ["start 1"])
        let filters = fixture.session.subscriptions.map(\.request.filter)
        #expect(filters == [Filter(model: "m"), Filter(model: "m")])
    }

    @Test func aNumberIsUsedOnceAtATime() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#)
        #expect(
            fixture.receive(#"{"subscribe":7,"model":"n"}"#) == ["refused duplicate-subscription"])
        let error = #"{"error":7,"code":"duplicate-subscription","message":""#
        #expect(fixture.takeMessages().map { $0.hasPrefix(error) } == [true])
        #expect(fixture.session.subscriptions.map(\.request.filter.model) == ["m"])
        _ = fixture.receive(#"{"unsubscribe":7}"#)
        #expect(fixture.receive(#"{"subscribe":7,"model":"n"}"#) == ["start 0"])
        #expect(fixture.session.subscriptions.map(\.request.filter.model) == ["n"])
    }

    @Test func aSessionHasAsManySubscriptionsAsItMay() {
        var limits = SessionLimits()
        limits.subscriptionsMax = 2
        var fixture = SessionFixture(.livelog1, limits: limits)
        fixture.goLive(#"{"subscribe":1,"model":"m"}"#)
        fixture.goLive(#"{"subscribe":2,"model":"m"}"#)
        #expect(
            fixture.receive(#"{"subscribe":3,"model":"m"}"#) == ["refused too-many-subscriptions"])
        let error =
            #"{"error":3,"code":"too-many-subscriptions","message":"#
            + #""a session can have 2 subscriptions"}"#
        #expect(fixture.takeMessages() == [error])
        #expect(fixture.receive(#"{"unsubscribe":2}"#) == ["stop 1 live"])
        #expect(fixture.receive(#"{"subscribe":3,"model":"m"}"#) == ["start 1"])
    }

    @Test func whatIsRefusedLeavesTheRestAsItWas() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#)
        #expect(fixture.receive("{") == ["refused malformed-json"])
        #expect(fixture.receive(#"{"unsubscribe":8}"#) == ["refused unknown-subscription"])
        #expect(fixture.receive(#"{"subscribe":9}"#) == ["refused missing-model"])
        let codes = [
            "null,\"code\":\"malformed-json", "8,\"code\":\"unknown-subscription",
            "9,\"code\":\"missing-model",
        ]
        let messages = fixture.takeMessages()
        #expect(messages.count == codes.count)
        for (message, code) in zip(messages, codes) {
            #expect(message.hasPrefix("{\"error\":\(code)\""))
        }
        #expect(fixture.session.liveSlots == [0])
    }

    @Test func aSubscriptionThatCannotResumeIsResetAndOver() {
        var fixture = SessionFixture(.livelog1)
        _ = fixture.receive(#"{"subscribe":7,"model":"m"}"#)
        fixture.refuse(0, .retained, "gone")
        #expect(
            fixture.takeMessages() == [#"{"reset":7,"reason":"retained","message":"gone"}"#])
        #expect(fixture.session.subscriptions[0].isOver)
        #expect(fixture.receive(#"{"subscribe":7,"model":"m"}"#) == ["start 0"])
    }

    @Test func aBinaryMessageIsRefusedAndTheSessionGoesOn() {
        var fixture = SessionFixture(.livelog1)
        fixture.receiveBinary()
        #expect(
            fixture.takeMessages() == [
                #"{"error":null,"code":"not-text","message":"messages are text frames with JSON"}"#
            ])
        #expect(fixture.receive(#"{"subscribe":7,"model":"m"}"#) == ["start 0"])
    }

    @Test func progressIsToldOfWhoLagsAndOnce() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":1,"model":"m"}"#, at: 4)
        _ = fixture.receive(#"{"subscribe":2,"model":"n"}"#)
        fixture.begin(1, at: 2)
        _ = fixture.receive(#"{"subscribe":3,"model":"o"}"#)
        fixture.session.advance(1, to: Offset(3))
        _ = fixture.takeMessages()
        fixture.tellProgress()
        #expect(fixture.takeMessages() == [#"{"covered":2,"token":"C3"}"#])
        fixture.tellProgress()
        #expect(fixture.takeMessages() == [])
        fixture.session.advance(1, to: Offset(8))
        fixture.session.noteTold(1)
        fixture.tellProgress()
        #expect(fixture.takeMessages() == [])
    }
}
