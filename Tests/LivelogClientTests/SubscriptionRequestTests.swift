import LivelogClient
import Testing

@Suite struct SubscriptionRequestTests {
    @Test(
        arguments: [
            (Subscription(model: "a.B"), #""model":"a.B","from":"now""#),
            (Subscription(model: "a\"B", from: .start), #""model":"a\"B","from":"start""#),
            (Subscription(model: "m", from: .snapshot), #""model":"m","from":"snapshot""#),
            (Subscription(model: "m", from: .token("abc")), #""model":"m","from":"abc""#),
            (
                Subscription(model: "m", from: .offset(.max)),
                #""model":"m","from":{"offset":18446744073709551615}"#
            ),
            (
                Subscription(model: "m", from: .time("2026-11-23T10:00:00Z")),
                #""model":"m","from":{"time":"2026-11-23T10:00:00Z"}"#
            ),
            (
                Subscription(model: "m", from: .microseconds(-1)),
                #""model":"m","from":{"time":-1}"#
            ),
            (
                Subscription(model: "m", from: .start, catchUp: .latest, budget: 1000),
                #""model":"m","from":"start","catchUp":"latest","budget":1000"#
            ),
            (
                Subscription(model: "m", where: .init(property: "list_id", equals: .integer(42))),
                #""model":"m","where":{"list_id":42},"from":"now""#
            ),
            (
                Subscription(model: "m", where: .init(property: "p\"", equals: .string("\\"))),
                #""model":"m","where":{"p\"":"\\"},"from":"now""#
            ),
            (
                Subscription(
                    model: "m",
                    where: [
                        .init(property: "a", .isIn([.integer(1), .string("x")])),
                        .init(property: "b", .isNot([.null])),
                        .init(property: "c", .hasPrefix("ab")),
                        .init(property: "d", .isNot([.boolean(true), .null])),
                    ]),
                #""model":"m","where":{"a":{"in":[1,"x"]},"b":{"!=":null},"c":{"prefix":"ab"},"#
                    + #""d":{"!=":[true,null]}},"from":"now""#
            ),
            // One property's conditions are one object, wherever they stand.
            (
                Subscription(
                    model: "m",
                    where: [
                        .init(property: "a", .isNot([.integer(5)])),
                        .init(property: "b", equals: .integer(1)),
                        .init(property: "a", .order(.atLeast, .integer(1))),
                        .init(property: "a", .isNot([.integer(6)])),
                        .init(property: "a", .order(.less, .integer(9))),
                        .init(property: "b", .hasPrefix("x")),
                    ]),
                #""model":"m","where":{"a":{">=":1,"<":9,"!=":[5,6]},"#
                    + #""b":{"in":[1],"prefix":"x"}},"from":"now""#
            ),
        ] as [(Subscription, String)])
    func theRequestSaysWhatIsWanted(subscription: Subscription, members: String) throws {
        try subscription.validate()
        var state = SubscriptionState(subscription)
        let request = String(decoding: state.connected(), as: UTF8.self)
        #expect(request == #"{"subscribe":1,"# + members + "}")
    }

    /// Two properties whose names Unicode writes in two ways were one to Swift: their conditions were merged, and the
    /// server was asked for something else.
    @Test func propertiesAreComparedByteByByte() throws {
        let subscription = Subscription(
            model: "m",
            where: [
                .init(property: "caf\u{E9}", equals: .integer(1)),
                .init(property: "cafe\u{301}", equals: .integer(2)),
            ])
        try subscription.validate()
        let request = String(decoding: subscription.request(id: 1, from: .now), as: UTF8.self)
        let wanted =
            "{\"subscribe\":1,\"model\":\"m\",\"where\":{\"caf\u{E9}\":1,\"cafe\u{301}\":2},\"from\":\"now\"}"
        #expect(request.utf8.elementsEqual(wanted.utf8))
    }

    @Test func theFilterIsTheSameWhateverTheOrderOfTheConditions() throws {
        let texts = ["total>=10", "state!=\"paid\"", "list_id=42", "total<100", "state!=\"open\""]
        let conditions = try texts.map(Subscription.Condition.init(expression:))
        let filter = Subscription(model: "m", where: conditions, from: .start, budget: 5).filter
        #expect(
            filter
                == #"{"model":"m","where":{"list_id":42,"state":{"!=":["open","paid"]},"#
                + #""total":{"<":100,">=":10}}}"#)
        #expect(Subscription(model: "m", where: conditions.reversed()).filter == filter)
        #expect(Subscription(model: "m", where: conditions.dropLast()).filter != filter)
        #expect(Subscription(model: "m").filter == #"{"model":"m"}"#)
    }

    @Test(
        arguments: [
            Subscription(model: ""), Subscription(model: "m", budget: 0),
            Subscription(model: "m", where: .init(property: "", equals: .null)),
            Subscription(model: "m", where: .init(property: "a", .isIn([]))),
            Subscription(model: "m", where: .init(property: "a", .isNot([]))),
            Subscription(model: "m", where: .init(property: "a", .hasPrefix(""))),
            Subscription(model: "m", where: .init(property: "a", .order(.less, .boolean(true)))),
            Subscription(
                model: "m",
                where: [
                    .init(property: "a", equals: .null), .init(property: "b", equals: .null),
                    .init(property: "a", equals: .integer(1)),
                ]),
        ])
    func whatNoServerCouldTakeIsNotSent(subscription: Subscription) async throws {
        let error = #expect(throws: ClientError.self) { try subscription.validate() }
        #expect(error?.code == .invalidArgument)
        let client = try LivelogClient(server: "http://127.0.0.1:1")
        var iterator = client.subscribe(to: subscription).makeAsyncIterator()
        let refusal = await #expect(throws: ClientError.self) { try await iterator.next() }
        #expect(refusal?.code == .invalidArgument)
    }

    @Test(
        arguments: [
            ("list_id=42", .init(property: "list_id", equals: .integer(42))),
            ("a=", .init(property: "a", equals: .string(""))),
            ("a=\"=b\"", .init(property: "a", equals: .string("=b"))),
            (" a b = c d ", .init(property: "a b", equals: .string("c d"))),
            ("a in m=1", .init(property: "a in m", equals: .integer(1))),
            ("in=1", .init(property: "in", equals: .integer(1))),
            ("in in[1]", .init(property: "in", .isIn([.integer(1)]))),
            (#""a=\"<b" != 1"#, .init(property: "a=\"<b", .isNot([.integer(1)]))),
            (#""a b" in [1]"#, .init(property: "a b", .isIn([.integer(1)]))),
            ("a=b<c in [1]", .init(property: "a", equals: .string("b<c in [1]"))),
            ("state!=\"done\"", .init(property: "state", .isNot([.string("done")]))),
            ("state!=null", .init(property: "state", .isNot([.null]))),
            ("total<10", .init(property: "total", .order(.less, .integer(10)))),
            ("total<=1.50", .init(property: "total", .order(.atMost, .number("1.50")))),
            ("total>10", .init(property: "total", .order(.greater, .integer(10)))),
            ("name>=b", .init(property: "name", .order(.atLeast, .string("b")))),
            ("name^=ab", .init(property: "name", .hasPrefix("ab"))),
            ("name^=\"a b\"", .init(property: "name", .hasPrefix("a b"))),
            ("name^=12", .init(property: "name", .hasPrefix("12"))),
            (
                "list_id in [1, \"b\"]",
                .init(property: "list_id", .isIn([.integer(1), .string("b")]))
            ),
        ] as [(String, Subscription.Condition)])
    func aConditionIsReadAsItIsTyped(text: String, condition: Subscription.Condition) throws {
        #expect(try Subscription.Condition(expression: text) == condition)
    }

    @Test(arguments: [
        "", "a", "=1", "!=1", "a!1", "a^b", "a in 1", "a==b", "a=>1", "a<>1", "\"a=1", "\"\"=1",
        "\"a\"b=1", "ain [1]", "a in []", "a in [[1]]",
        "a in [1", "a^=",
        "a^=\"\"", "a<true", "a>=null", " in [1]",
    ])
    func whatIsNoConditionIsRefused(text: String) {
        let error = #expect(throws: ClientError.self) {
            try Subscription.Condition(expression: text)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("\"\(text)\" is not a condition: ") == true)
    }
}
