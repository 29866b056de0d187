import LogModel
import Testing
import WireProtocol

/// What the query of a URL asks for.
struct SubscriptionQueryTests {
    private static let token = ResumeToken(epoch: Epoch(0xABCD), next: Offset(12), checksum: 7)

    @Test func parametersComeInAnyOrderAndWhereMoreThanOnce() throws {
        let request = try Self.read([
            "where=list_id=42", "budget=1000", "from=snapshot", "where=state!=\"done\"",
            "catchUp=latest", "where=state!=gone", "model=todolist.Task",
        ])
        let conditions = [
            Condition("list_id", .isIn([.number(42)])),
            Condition("state", .isNot([.string("done"), .string("gone")])),
        ]
        #expect(
            request
                == SubscriptionRequest(
                    filter: Filter(model: "todolist.Task", conditions: conditions),
                    start: .snapshot, catchUp: .latest, budget: 1000))
    }

    @Test(
        arguments: [
            ("now", .now), ("start", .start), ("snapshot", .snapshot),
            (token.text, .token(token)), ("0", .offset(.zero)), ("007", .offset(Offset(7))),
            ("18446744073709551615", .offset(Offset(.max))),
            ("2026-11-23T11:00:00.25+01:00", .time(1_795_428_000_250_000)),
            ("1969-12-31T23:59:59Z", .time(-1_000_000)),
        ] as [(String, SubscriptionRequest.Start)])
    func fromIsAPlaceOfTheLog(text: String, start: SubscriptionRequest.Start) throws {
        #expect(
            try Self.read(["model=m", "from=\(text)"])
                == SubscriptionRequest(filter: Filter(model: "m"), start: start))
        #expect(try SubscriptionRequest.Start(query: text) == start)
    }

    @Test func parametersOfOthersAreLeftToThem() throws {
        let request = try Self.read(
            ["limit=5", "model=m", "limit=6", "wait=x"], ignoring: ["limit", "wait"])
        #expect(request == SubscriptionRequest(filter: Filter(model: "m")))
    }

    private static let from =
        "from must be now, start, snapshot, a token that this server has given, an offset (digits), "
        + "or a time like 2026-11-23T10:00:00Z (RFC 3339; in a URL a + is written %2B)"
    private static let budget =
        "budget must be an integer from 1 to 1000000: the most records to replay"
    private static let twice =
        "as all conditions hold, one is enough, and for one of several values there is \"in\""

    @Test(
        arguments: [
            (
                [], .missingModel, "model",
                #"model is missing: the label of a model, for instance "todolist.Task""#
            ),
            (["model="], .invalidModel, "model", "model must be a string of 1 to 128 bytes"),
            (
                ["model=m", "form=now"], .unknownParameter, "form",
                #""form" is not a parameter here; there are model, where, from, catchUp, budget, "#
                    + "limit, wait"
            ),
            (
                ["model=m", "model=m"], .duplicateParameter, "model",
                "model is given twice; only where can be"
            ),
            (
                ["model=m", "from=now", "from=now"], .duplicateParameter, "from",
                "from is given twice; only where can be"
            ),
            (["model=m", "from="], .invalidFrom, "from", from),
            (["model=m", "from=+5"], .invalidFrom, "from", from),
            (["model=m", "from=-5"], .invalidFrom, "from", from),
            (["model=m", "from=18446744073709551616"], .invalidFrom, "from", from),
            (["model=m", "from=2026-11-23T11:00:00 01:00"], .invalidFrom, "from", from),
            (["model=m", "from=START"], .invalidFrom, "from", from),
            (
                ["model=m", "catchUp=some"], .invalidCatchUp, "catchUp",
                #"catchUp must be "all" or "latest""#
            ),
            (["model=m", "budget=0"], .invalidBudget, "budget", budget),
            (["model=m", "budget=+1"], .invalidBudget, "budget", budget),
            (["model=m", "budget="], .invalidBudget, "budget", budget),
            (["model=m", "budget=1000001"], .invalidBudget, "budget", budget),
            (
                ["model=m", "where=p=1", "where=p=2"], .invalidFilter, "where",
                #"where: "p" has = twice; "# + twice
            ),
            (
                ["model=m", "where=p=1", "where=p in [2]"], .invalidFilter, "where",
                #"where: "p" has in twice; "# + twice
            ),
            (
                ["model=m", "where=p<1", "where=p<2"], .invalidFilter, "where",
                #"where: "p" has < twice; "# + twice
            ),
            (
                ["model=m"] + (0..<33).map { "where=p\($0)=1" }, .filterTooLarge, "where",
                "where: there are more than 32 conditions"
            ),
            (
                ["model=m"] + (0..<65).map { "where=p!=\($0)" }, .filterTooLarge, "where",
                "where: there are more than 64 values"
            ),
        ] as [([String], RequestErrorCode, String, String)])
    func aParameterThatIsWrongIsNamed(
        query: [String], code: RequestErrorCode, member: String, message: String
    ) {
        let error = Refusal.of(query: Self.parsed(query), ignoring: ["limit", "wait"])
        #expect(error == RequestError(code: code, member: member, message: message))
        #expect(error?.message.contains(member) == true)
    }

    @Test func aRefusedQueryIsAProblem() {
        let problem = Problem(RequestError(code: .invalidFrom, member: "from", message: "from …"))
        #expect(problem.status == 400)
        #expect(problem.code == "invalid-from")
        #expect(problem.detail == "from …")
    }

    private static func read(
        _ query: [String], ignoring: Set<String> = []
    ) throws -> SubscriptionRequest {
        try SubscriptionRequest(query: self.parsed(query), ignoring: ignoring)
    }

    /// `name=value` in two.
    private static func parsed(_ query: [String]) -> [(name: String, value: String)] {
        query.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
        }
    }
}
