import LogModel
import Testing
import WireProtocol

/// What is understood of a frame of rest-live 2, and what is said of one that is not right.
struct RestLive2RequestTests {
    private static let rules = ModelRules([
        ModelRules.Model(
            label: "m", recordedGroups: ["id", "list_id", "done"], aliases: ["list": "list_id"]),
        ModelRules.Model(
            label: "page", key: "uid", recordedGroups: ["uid", "slug"], lookup: "slug"),
    ])

    private static func read(_ json: String) throws -> RestLive2Request? {
        let document = try JSONDocument(parsing: Array(json.utf8))
        return try RestLive2Request(document, rules: Self.rules) {
            $0 == "unknown" ? nil : $0
        }
    }

    private static func subscription(_ members: String) throws -> RestLive2Request.Subscription {
        guard
            case .subscribe(let subscription) = try self.read(
                #"{"type":"subscribe","id":1,"#
                    + members + "}")
        else { throw RestLive2Error([], .badRequest, "this is no subscription") }
        return subscription
    }

    private static func refusal(_ json: String) throws -> String? {
        do {
            _ = try self.read(json)
            return nil
        } catch let error as RestLive2Error {
            return "\(error.code.rawValue) \(error.message)"
        }
    }

    private static func condition(_ property: Text, _ value: Scalar) -> Condition {
        Condition(property: property, test: .isIn([value]))
    }

    @Test func theFramesOfTheReactClientAreRead() throws {
        let one = try Self.subscription(
            #""action":"retrieve","view_kwargs":{},"query_params":{},"model":"m","lookup_by":1"#)
        #expect(one.action == .retrieve && one.model == "m" && one.conditions == [])
        #expect(one.lookup == Self.condition("id", .number(1)))
        #expect(one.form == RestLive2Form(id: Array("1".utf8), model: "m"))
        let all = try Self.subscription(
            #""action":"list","view_kwargs":{"list":3,"done":false},"query_params":{"id":"7"},"model":"m""#
        )
        #expect(all.action == .list && all.lookup == nil)
        #expect(
            all.conditions == [
                Self.condition("list_id", .number(3)), Self.condition("done", .boolean(false)),
                Self.condition("id", .string("7")),
            ])
        #expect(try Self.read(#"{"type":"unsubscribe","id":0}"#) == .unsubscribe(id: [0x30]))
    }

    @Test(arguments: [
        ("0", "0"), ("-1.50", "-1.50"), (#""""#, #""""#), (#""a\u0062 c""#, #""a\u0062 c""#),
        ("false", "false"), ("[ 1 , null ]", "[1,null]"),
        (#"{ "b" : 1, "a": "x y" }"#, #"{"b":1,"a":"x y"}"#), ("{}", "{}"),
    ])
    func everyValueButNullIsAnID(json: String, id: String) throws {
        #expect(
            try Self.read(#"{"type":"unsubscribe","id":\#(json)}"#)
                == .unsubscribe(id: Array(id.utf8)))
    }

    @Test func anIDThatIsTooLongIsToldWithoutIt() throws {
        let most = RestLive2Request.idByteCountMax
        let right = #"{"type":"unsubscribe","id":"\#(String(repeating: "x", count: most - 2))"}"#
        #expect(try Self.refusal(right) == nil)
        let long = right.replacing("xx", with: "xxx", maxReplacements: 1)
        #expect(try Self.refusal(long) == "400 `id` must have at most 256 bytes of JSON.")
    }

    @Test(arguments: [
        #"{"type":"subscribe","model":"m","action":"list"}"#, #"{"type":"unsubscribe","id":null}"#,
        #"{"type":"what","id":null}"#, #"{"type":5}"#,
    ])
    func whatHasNoIDIsIgnored(json: String) throws {
        #expect(try Self.read(json) == nil)
    }

    /// In the words of the original; of two faults the one that it tells.
    @Test(arguments: [
        (#""type":"foo""#, "400 unknown message type `foo`."),
        (#""type":null"#, "400 unknown message type `None`."),
        (#""type":true"#, "400 unknown message type `True`."),
        (#""type":1"#, "400 unknown message type `1`."),
        (#""type":"subscribe""#, "400 No model specified."),
        (#""type":"subscribe","model":"""#, "400 No model specified."),
        (#""type":"subscribe","model":null,"action":"list""#, "400 No model specified."),
        (#""type":"subscribe","model":["m"],"action":"list""#, "400 No model specified."),
        (
            #""type":"subscribe","model":"unknown""#,
            "404 Model unknown not registered for realtime updates."
        ),
        (
            #""type":"subscribe","model":"m""#,
            "400 `action` must be present and the value must be either `list` or `retrieve`."
        ),
        (
            #""type":"subscribe","model":"m","action":"update""#,
            "400 `action` must be present and the value must be either `list` or `retrieve`."
        ),
        (
            #""type":"subscribe","model":"m","action":"list","view_kwargs":[1]"#,
            "400 `view_kwargs` must be an object of properties and their values."
        ),
        (
            #""type":"subscribe","model":"m","action":"list","query_params":{"a":[1]}"#,
            "400 \"a\" in `query_params` must be a string, a number, true, false or null."
        ),
        (
            #""type":"subscribe","model":"m","action":"list","view_kwargs":{"list":1},"query_params":{"list_id":2}"#,
            "400 \"list_id\" in `query_params` is there with another value already, perhaps by another name."
        ),
    ])
    func whatIsNotRightIsToldInTheOriginalsWords(members: String, refusal: String) throws {
        #expect(try Self.refusal(#"{"id":1,\#(members)}"#) == refusal)
    }

    @Test func nullObjectsAreEmptyAndTheSameTwiceIsOnce() throws {
        #expect(
            try Self.subscription(
                #""action":"list","model":"m","view_kwargs":null,"query_params":null"#
            ).conditions == [])
        #expect(
            try Self.subscription(
                #""action":"list","model":"m","view_kwargs":{"list":1},"query_params":{"list_id":"1","done":null}"#
            ).conditions == [
                Self.condition("list_id", .number(1)), Self.condition("done", .null),
            ])
    }

    @Test func conditionsAreBounded() throws {
        let most = RequestLimits.default.conditionCountMax
        func members(_ count: Int) -> String {
            let list = (0..<count).map { #""p\#($0)":1"# }.joined(separator: ",")
            return
                #"{"id":1,"type":"subscribe","model":"x","action":"list","query_params":{\#(list)}}"#
        }
        #expect(try Self.refusal(members(most)) == nil)
        #expect(
            try Self.refusal(members(most + 1))
                == "400 `view_kwargs` and `query_params` have at most 32 members.")
    }

    @Test(arguments: ["", #","lookup_by":null"#, #","lookup_by":[1]"#, #","lookup_by":{}"#])
    func whatIsNoValueFindsNoInstance(member: String) throws {
        let request = try Self.subscription(#""action":"retrieve","model":"m"\#(member)"#)
        #expect(request.lookup == nil)
    }

    /// `lookup_by` counts: what `view_kwargs` say of the same property is the same, or finds nothing.
    @Test(arguments: [
        ("m", #"{"pk":1}"#, "1", true), ("m", #"{"id":"1"}"#, "1", true),
        ("m", #"{"pk":2}"#, "1", false), ("page", #"{"slug":"a"}"#, #""a""#, true),
        ("page", #"{"slug":"b"}"#, #""a""#, false),
    ])
    func lookupByIsNotOverruled(model: String, kwargs: String, by: String, isFound: Bool) throws {
        let request = try Self.subscription(
            #""action":"retrieve","model":"\#(model)","view_kwargs":\#(kwargs),"lookup_by":\#(by)"#)
        #expect((request.lookup != nil) == isFound)
        #expect(request.conditions == [])
    }

    @Test func anotherPropertyThanTheKeyCanBeTheLookup() throws {
        let request = try Self.subscription(
            #""action":"retrieve","model":"page","lookup_by":"a","view_kwargs":{"pk":7}"#)
        #expect(request.lookup == Self.condition("slug", .string("a")))
        #expect(request.conditions == [Self.condition("uid", .number(7))])
        #expect(request.form.lookup == "slug")
    }
}
