import LogModel
import Testing
import WireProtocol

/// What a `subscribe` message asks for.
struct SubscriptionRequestTests {
    private static let token = ResumeToken(epoch: Epoch(0xABCD), next: Offset(12), checksum: 7)

    @Test(
        arguments: [
            ("{}", []),
            (#"{"p":1}"#, [.init("p", .isIn([.number(1)]))]),
            (#"{"p":"1"}"#, [.init("p", .isIn([.string("1")]))]),
            (#"{"p":null}"#, [.init("p", .isIn([.null]))]),
            (#"{"p":false}"#, [.init("p", .isIn([.boolean(false)]))]),
            (#"{"\u0070":""}"#, [.init("p", .isIn([.string("")]))]),
            (#"{"p":1.0}"#, [.init("p", .isIn([Scalar(kind: .number, text: "1.0")]))]),
            (
                #"{"p":1,"q":true}"#,
                [.init("p", .isIn([.number(1)])), .init("q", .isIn([.boolean(true)]))]
            ),
            (
                #"{"p":{"in":[1,"a",null]}}"#,
                [.init("p", .isIn([.number(1), .string("a"), .null]))]
            ),
            (#"{"p":{"in":[1,"1",1]}}"#, [.init("p", .isIn([.number(1)]))]),
            (#"{"p":{"!=":"done"}}"#, [.init("p", .isNot([.string("done")]))]),
            (#"{"p":{"!=":[1,2]}}"#, [.init("p", .isNot([.number(1), .number(2)]))]),
            (#"{"p":{"<":10}}"#, [.init("p", .order(.less, .number(10)))]),
            (#"{"p":{"<=":"m"}}"#, [.init("p", .order(.atMost, .string("m")))]),
            (
                #"{"p":{">":-1.5e3}}"#,
                [.init("p", .order(.greater, Scalar(kind: .number, text: "-1.5e3")))]
            ),
            (#"{"p":{">=":0}}"#, [.init("p", .order(.atLeast, .number(0)))]),
            (#"{"p":{"prefix":"ab"}}"#, [.init("p", .hasPrefix("ab"))]),
            (
                #"{"p":{">=":1,"<":9,"!=":5,"in":[2,5],"prefix":"x"}}"#,
                [
                    .init("p", .order(.atLeast, .number(1))), .init("p", .order(.less, .number(9))),
                    .init("p", .isNot([.number(5)])), .init("p", .isIn([.number(2), .number(5)])),
                    .init("p", .hasPrefix("x")),
                ]
            ),
        ] as [(String, [Condition])])
    func whereIsConditionsThatAllHold(json: String, conditions: [Condition]) throws {
        #expect(
            try Self.read(#""where":\#(json)"#)
                == SubscriptionRequest(filter: Filter(model: "m", conditions: conditions)))
    }

    @Test(
        arguments: [
            (#""now""#, .now), (#""start""#, .start), (#""\u0073tart""#, .start),
            (#""snapshot""#, .snapshot), (#""\#(token.text)""#, .token(token)),
            (#"{"offset":0}"#, .offset(.zero)),
            (#"{"offset":18446744073709551615}"#, .offset(Offset(.max))),
            (#"{"time":"2026-11-23T11:00:00.25+01:00"}"#, .time(1_795_428_000_250_000)),
            (#"{"time":1795428000000000}"#, .time(1_795_428_000_000_000)),
            (#"{"time":-1}"#, .time(-1)), (#"{"time":0}"#, .time(0)),
            (#"{"time":253402300799999999}"#, .time(253_402_300_799_999_999)),
        ] as [(String, SubscriptionRequest.Start)])
    func fromIsAPlaceOfTheLog(json: String, start: SubscriptionRequest.Start) throws {
        #expect(
            try Self.read(#""from":\#(json)"#)
                == SubscriptionRequest(filter: Filter(model: "m"), start: start))
    }

    @Test(
        arguments: [
            (#""catchUp":"all""#, .all, nil), (#""catchUp":"latest""#, .latest, nil),
            (#""budget":1"#, .all, 1),
            (#""budget":1000000,"catchUp":"latest""#, .latest, 1_000_000),
        ] as [(String, SubscriptionRequest.CatchUp, Int?)])
    func thePastCanBeAskedForInShort(
        members: String, catchUp: SubscriptionRequest.CatchUp, budget: Int?
    ) throws {
        #expect(
            try Self.read(members)
                == SubscriptionRequest(
                    filter: Filter(model: "m"), catchUp: catchUp, budget: budget))
    }

    @Test func theMostThatALimitAllowsIsTaken() throws {
        let long = #""\#(Self.long(128))":"\#(Self.long(256))""#
        #expect(throws: Never.self) { try Self.read(#""where":{\#(long)}"#) }
        let many = (0..<32).map { #""p\#($0)":{"in":[1,2]}"# }.joined(separator: ",")
        #expect(try Self.read(#""where":{\#(many)}"#)?.filter.conditions.count == 32)
        let label = Self.long(128)
        let message = Array(#"{"subscribe":7,"model":"\#(label)"}"#.utf8)
        #expect(
            try Livelog1Request(message)
                == .subscribe(id: 7, SubscriptionRequest(filter: Filter(model: Text(label)))))
    }

    static func long(_ count: Int) -> String { String(repeating: "x", count: count) }

    private static func read(_ members: String) throws -> SubscriptionRequest? {
        let message = Array(#"{"subscribe":7,"model":"m",\#(members)}"#.utf8)
        guard case .subscribe(7, let request) = try Livelog1Request(message) else { return nil }
        return request
    }
}

extension Condition {
    init(_ property: Text, _ test: Test) {
        self.init(property: property, test: test)
    }
}
