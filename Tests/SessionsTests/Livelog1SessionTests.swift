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
        guard case .starting(.start) = fixture.session.subscriptions[0].phase else {
            Issue.record("it does not begin as starting")
            return
        }
        #expect(fixture.session.outbox.isEmpty)

        fixture.session.begin(0, at: Offset(4), token: "T4")
        #expect(fixture.session.subscriptions[0].isLagging)
        #expect(fixture.session.subscriptions[0].next == Offset(4))
        #expect(fixture.takeMessages() == [#"{"subscribed":7,"token":"T4"}"#])

        fixture.session.advance(0, to: Offset(9))
        fixture.session.advance(0, to: Offset(6))
        #expect(fixture.session.subscriptions[0].next == Offset(9))

        fixture.session.becomeLive(0, token: "T9")
        #expect(fixture.session.subscriptions[0].isLive)
        #expect(fixture.takeMessages() == [#"{"covered":7,"token":"T9","live":true}"#])

        fixture.session.becomeLagging(0, cursor: Offset(12))
        #expect(fixture.session.subscriptions[0].isLagging)
        #expect(fixture.session.subscriptions[0].next == Offset(12))

        #expect(fixture.receive(#"{"unsubscribe":7}"#) == [])
        #expect(fixture.session.subscriptions[0].isOver)
        #expect(fixture.takeMessages() == [#"{"unsubscribed":7}"#])
    }

    @Test func whoBeginsAheadOfTheCursorDoesNotGoBackToIt() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#, at: 20)
        fixture.session.becomeLagging(0, cursor: Offset(12))
        #expect(fixture.session.subscriptions[0].next == Offset(20))
    }

    @Test func endingALiveSubscriptionStopsIt() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#)
        fixture.goLive(#"{"subscribe":8,"model":"m"}"#)
        #expect(fixture.receive(#"{"unsubscribe":7}"#) == ["stop 0"])
        #expect(fixture.takeMessages() == [#"{"unsubscribed":7}"#])
        #expect(fixture.session.subscriptions[1].isLive)
    }

    @Test func theSameGroupCanBeWantedTwice() {
        var fixture = SessionFixture(.livelog1)
        #expect(fixture.receive(#"{"subscribe":7,"model":"m"}"#) == ["start 0"])
        #expect(fixture.receive(#"{"subscribe":8,"model":"m"}"#) == ["start 1"])
        #expect(
            fixture.session.subscriptions.map(\.hash)
                == [fixture.session.subscriptions[0].hash, fixture.session.subscriptions[0].hash])
    }

    @Test func aNumberIsUsedOnceAtATime() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#)
        #expect(fixture.receive(#"{"subscribe":7,"model":"n"}"#) == [])
        let error = #"{"error":7,"code":"duplicate-subscription","message":""#
        #expect(fixture.takeMessages().map { $0.hasPrefix(error) } == [true])
        #expect(fixture.session.subscriptions.map(\.group) == [GroupKey(model: "m")])
        _ = fixture.receive(#"{"unsubscribe":7}"#)
        #expect(fixture.receive(#"{"subscribe":7,"model":"n"}"#) == ["start 0"])
        #expect(fixture.session.subscriptions.map(\.group) == [GroupKey(model: "n")])
    }

    @Test func aSessionHasAsManySubscriptionsAsItMay() {
        var limits = SessionLimits()
        limits.subscriptionsMax = 2
        var fixture = SessionFixture(.livelog1, limits: limits)
        fixture.goLive(#"{"subscribe":1,"model":"m"}"#)
        fixture.goLive(#"{"subscribe":2,"model":"m"}"#)
        #expect(fixture.receive(#"{"subscribe":3,"model":"m"}"#) == [])
        let error =
            #"{"error":3,"code":"too-many-subscriptions","message":"#
            + #""a session can have 2 subscriptions"}"#
        #expect(fixture.takeMessages() == [error])
        #expect(fixture.receive(#"{"unsubscribe":2}"#) == ["stop 1"])
        #expect(fixture.receive(#"{"subscribe":3,"model":"m"}"#) == ["start 1"])
    }

    @Test func whatIsRefusedLeavesTheRestAsItWas() {
        var fixture = SessionFixture(.livelog1)
        fixture.goLive(#"{"subscribe":7,"model":"m"}"#)
        #expect(fixture.receive("{") == [])
        #expect(fixture.receive(#"{"unsubscribe":8}"#) == [])
        #expect(fixture.receive(#"{"subscribe":9}"#) == [])
        let codes = [
            "null,\"code\":\"malformed-json", "8,\"code\":\"unknown-subscription",
            "9,\"code\":\"missing-model",
        ]
        for (message, code) in zip(fixture.takeMessages(), codes) {
            #expect(message.hasPrefix("{\"error\":\(code)\""))
        }
        #expect(fixture.session.subscriptions.count == 1)
        #expect(fixture.session.subscriptions[0].isLive)
    }

    @Test func aSubscriptionThatCannotResumeIsResetAndOver() {
        var fixture = SessionFixture(.livelog1)
        _ = fixture.receive(#"{"subscribe":7,"model":"m"}"#)
        fixture.session.refuse(0, reason: "retained", message: "gone")
        #expect(
            fixture.takeMessages() == [#"{"reset":7,"reason":"retained","message":"gone"}"#])
        #expect(fixture.session.subscriptions[0].isOver)
        #expect(fixture.receive(#"{"subscribe":7,"model":"m"}"#) == ["start 0"])
    }

    @Test func aBinaryMessageIsRefusedAndTheSessionGoesOn() {
        var fixture = SessionFixture(.livelog1)
        fixture.session.receiveBinary()
        #expect(
            fixture.takeMessages() == [
                #"{"error":null,"code":"not-text","message":"messages are text frames with JSON"}"#
            ])
        #expect(fixture.receive(#"{"subscribe":7,"model":"m"}"#) == ["start 0"])
    }
}
