import Access
import LogModel
import Sessions
import Testing
import WireProtocol

struct RestLive2SessionTests {
    private static let list =
        #"{"type":"subscribe","id":7,"model":"m","action":"list","view_kwargs":{"p":1}}"#
    private static let retrieve =
        #"{"type":"subscribe","id":8,"model":"m","action":"retrieve","lookup_by":5}"#

    private static func reader(_ principal: Principal = .anonymous) -> Reader {
        Reader(
            principal,
            under: AccessPolicy(
                models: [
                    ModelPolicy(
                        model: "m", groups: ["p"], aliases: ["o": "owner"],
                        views: [
                            .init(view: View(name: "v", fields: ["id"]), rule: .everyone)
                        ], publish: .property("owner", equalsClaim: "sub")),
                    ModelPolicy(
                        model: "known", groups: ["p"], aliases: ["q": "p"],
                        views: [.init(view: .whole, rule: .authenticated)],
                        publish: .everyone),
                    ModelPolicy(
                        model: "m@private", views: [.init(view: .whole, rule: .everyone)],
                        publish: .everyone),
                ], isOpen: false))
    }

    private static func error(_ id: String, _ code: Int, _ message: String) -> [String] {
        [#"{"type":"error","id":\#(id),"code":\#(code),"message":"\#(message)"}"#]
    }

    @Test func successIsSilent() {
        var fixture = SessionFixture(.restLive)
        #expect(fixture.receive(Self.list) == ["start 0"])
        fixture.begin(at: 3)
        fixture.tellProgress()
        fixture.becomeLive(at: 3)
        #expect(fixture.session.subscriptions[0].isLive)
        #expect(fixture.receive(#"{"type":"unsubscribe","id":7}"#) == ["stop 0 live"])
        #expect(fixture.output == [])
    }

    @Test func oneConnectionSpeaksBothDialects() {
        var fixture = SessionFixture(.restLive)
        #expect(fixture.receive(Self.list) == ["start 0"])
        #expect(fixture.receive(#"{"model":"m","property":"p","value":1}"#) == ["start 1"])
        // The same group, but each knows only its own.
        #expect(
            fixture.receive(#"{"model":"m","property":"p","value":1,"unsubscribe":true}"#)
                == ["stop 1 starting"])
        #expect(fixture.session.subscriptions[0].form.restLive2?.id == [0x37])
        #expect(fixture.receive(#"{"type":"unsubscribe","id":7}"#) == ["stop 0 starting"])
    }

    /// A subscription that was made while the client was away is asked for twice when it is back, and ended once.
    @Test func anUnsubscribeEndsAllOfItsNumber() {
        var fixture = SessionFixture(.restLive)
        fixture.goLive(Self.list)
        fixture.goLive(Self.list)
        fixture.goLive(Self.list.replacing("7", with: #"{"a":1}"#))
        #expect(
            fixture.receive(#"{"type":"unsubscribe","id":7}"#) == ["stop 0 live", "stop 1 live"])
        #expect(fixture.receive(#"{"type":"unsubscribe","id":7}"#) == ["refused rest-live-404"])
        #expect(
            fixture.takeMessages()
                == Self.error(
                    "7", 404, "Attempted to unsubscribe for request ID before subscribing."))
        #expect(fixture.receive(#"{"id":{ "a" : 1 },"type":"unsubscribe"}"#) == ["stop 2 live"])
    }

    @Test func anInstanceIsLookedForFirst() {
        var fixture = SessionFixture(.restLive)
        let key = Condition(property: "id", test: .isIn([.number(5)]))
        #expect(fixture.receive(Self.retrieve) == ["retrieve 0 by id \(key.test)"])
        fixture.session.narrow(0, to: key)
        #expect(
            fixture.session.subscriptions[0].request.filter == Filter(model: "m", conditions: [key])
        )
        #expect(fixture.receive(Self.retrieve).count == 1)
        var output: [UInt8] = []
        let action = fixture.session.refuseUnknownInstance(1, output: &output)
        #expect(action == .refused(code: "rest-live-404"))
        #expect(fixture.session.subscriptions[1].isOver)
        #expect(
            TextFrames.texts(in: output)
                == Self.error(
                    "8", 404, "Instance not found. Make sure 'lookup_by' is set to a valid ID"))
    }

    @Test(arguments: [
        ("unknown", "list", "{}", 404, "Model unknown not registered for realtime updates."),
        ("unknown", "none", "{}", 404, "Model unknown not registered for realtime updates."),
        ("known", "list", "{}", 403, "Unauthorized to subscribe to known for action list"),
        (
            "known", "list", #"{"p":1,"q":2}"#, 403,
            "Unauthorized to subscribe to known for action list"
        ),
        (
            "m", "list", #"{"o":1}"#, 400,
            #"\"o\" is no property by which m can be asked for: `view_kwargs` and `query_params` name groups of the model."#
        ),
        ("known", "retrieve", "{}", 403, "Unauthorized to subscribe to known for action retrieve"),
        (
            "m", "retrieve", "{}", 404,
            "Instance not found. Make sure 'lookup_by' is set to a valid ID"
        ),
        (
            "m", "list", #"{"text":1}"#, 400,
            #"\"text\" is no property by which m can be asked for: `view_kwargs` and `query_params` name groups of the model."#
        ),
        (
            "m", "none", "{}", 400,
            "`action` must be present and the value must be either `list` or `retrieve`."
        ),
    ])
    func whatMayNotBeIsToldAndBeginsNothing(
        model: String, action: String, kwargs: String, code: Int, message: String
    ) {
        var fixture = SessionFixture(.restLive, reader: Self.reader())
        let request =
            #"{"type":"subscribe","id":"x","model":"\#(model)","action":"\#(action)","view_kwargs":\#(kwargs)}"#
        #expect(fixture.receive(request) == ["refused rest-live-\(code)"])
        #expect(fixture.takeMessages() == Self.error("\"x\"", code, message))
        #expect(fixture.session.subscriptions.isEmpty)
    }

    @Test func tooManySubscriptionsAreRefused() {
        var limits = SessionLimits()
        limits.subscriptionsMax = 1
        var fixture = SessionFixture(.restLive, limits: limits)
        fixture.goLive(Self.list)
        #expect(fixture.receive(Self.list) == ["refused rest-live-400"])
        #expect(
            fixture.takeMessages()
                == Self.error(
                    "7", 400, "A connection can have 1 subscriptions: unsubscribe from one first."))
    }

    @Test func whatTheServerDoesNotDoIsTold() {
        var fixture = SessionFixture(.restLive)
        _ = fixture.receive(Self.list)
        var output: [UInt8] = []
        fixture.session.refuse(0, .unindexed, "no", output: &output)
        #expect(TextFrames.texts(in: output) == Self.error("7", 400, "no"))
        #expect(fixture.session.subscriptions[0].isOver)
    }

    // MARK: - What a path says

    @Test func aPathKnowsItsModelsAndNoOthers() {
        let options = RestLiveOptions(names: ModelNames(["m": "m@private"]))
        var fixture = SessionFixture(.restLive, reader: Self.reader(), restLive: options)
        let request = #"{"type":"subscribe","id":1,"model":"m","action":"list"}"#
        #expect(fixture.receive(request) == ["start 0"])
        #expect(fixture.session.subscriptions[0].request.filter.model == "m@private")
        #expect(fixture.session.subscriptions[0].form.restLive2?.model == "m")
        for other in ["known", "m@private"] {
            #expect(
                fixture.receive(request.replacing("\"m\"", with: "\"\(other)\""))
                    == ["refused rest-live-404"])
            #expect(fixture.receive(#"{"model":"\#(other)","value":1}"#) == [])
        }
        #expect(fixture.receive(#"{"model":"m","value":1}"#) == ["start 1"])
        #expect(fixture.session.subscriptions[1].form == .restLive1(model: "m"))
        #expect(fixture.session.subscriptions[1].request.filter.model == "m@private")
    }

    /// Whatever closed a connection of the original.
    @Test(arguments: [
        "", "{", "[]", "1", #""x""#, "null", #"{"unsubscribe":1,"model":"m","value":1}"#,
    ])
    func whatTheOriginalWasClosedForClosesIfThatIsWanted(message: String) {
        var fixture = SessionFixture(.restLive)
        #expect(fixture.receive(message) == [])
        #expect(fixture.receiveBinary() == [])
        var strict = SessionFixture(.restLive, restLive: RestLiveOptions(isStrict: true))
        #expect(strict.receive(message).allSatisfy { $0.hasPrefix("close: ") })
        #expect(strict.receive(message).count == 1)
        #expect(strict.receiveBinary() == ["close: a frame is text"])
        #expect(strict.output == [])
    }

    /// Whatever did not.
    @Test(arguments: [
        #"{"model":"m"}"#, #"{"value":1}"#, #"{"model":"x","value":1}"#, "{}",
        #"{"type":"unsubscribe","id":1}"#, #"{"type":"subscribe"}"#,
    ])
    func nothingElseDoes(message: String) {
        var strict = SessionFixture(.restLive, restLive: RestLiveOptions(isStrict: true))
        #expect(!strict.receive(message).contains { $0.hasPrefix("close") })
    }
}
