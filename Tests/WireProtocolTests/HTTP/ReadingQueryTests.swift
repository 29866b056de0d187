import LogModel
import Testing
import WireProtocol

/// The URLs of `GET /v1/changes` and `GET /v1/models/…`.
@Suite struct ReadingQueryTests {
    private static let token = ResumeToken(epoch: Epoch(7), next: Offset(12), checksum: 99)

    private static func code(_ body: () throws(Problem) -> Void) -> String? {
        do throws(Problem) {
            try body()
            return nil
        } catch {
            return "\(error.status) \(error.code)"
        }
    }

    @Test func aPageHasALengthAndCanWait() throws {
        let query = try ChangesQuery("model=m&limit=7&wait=30&from=\(Self.token.text)", form: .json)
        #expect(query.limit == 7)
        #expect(query.waitSeconds == 30)
        #expect(query.request.start == .token(Self.token))
        let plain = try ChangesQuery("model=m", form: .json)
        #expect(plain.limit == 100 && plain.waitSeconds == 0 && plain.request.start == .now)
    }

    @Test(arguments: [
        ("limit=0", "400 invalid-limit"), ("limit=1001", "400 invalid-limit"),
        ("limit=-1", "400 invalid-limit"), ("limit=", "400 invalid-limit"),
        ("limit=1&limit=2", "400 duplicate-parameter"), ("wait=31", "400 invalid-wait"),
        ("wait=1.5", "400 invalid-wait"), ("a=b", "400 unknown-parameter"),
        ("where=%", "400 invalid-url"), ("from=yesterday", "400 invalid-from"),
        ("where=x", "400 invalid-filter"), ("budget=0", "400 invalid-budget"),
    ])
    func whatIsWrongIsNamed(query: String, code: String) {
        let found = Self.code { () throws(Problem) in
            _ = try ChangesQuery("model=m&\(query)", form: .json)
        }
        #expect(found == code)
    }

    @Test(arguments: [AcceptedForm.ndjson, .serverSentEvents], ["limit=1", "wait=1"])
    func aStreamHasNoLength(form: AcceptedForm, parameter: String) {
        let found = Self.code { () throws(Problem) in
            _ = try ChangesQuery("model=m&\(parameter)", form: form)
        }
        #expect(found == "400 unknown-parameter")
    }

    @Test func theLastEventHasTheLastWord() throws {
        func start(_ form: AcceptedForm, _ id: String) throws(Problem) -> SubscriptionRequest.Start
        {
            try ChangesQuery("model=m&from=start", form: form, lastEventID: id).request.start
        }
        #expect(try start(.serverSentEvents, Self.token.text) == .token(Self.token))
        #expect(try start(.ndjson, Self.token.text) == .start)
        #expect(try start(.json, "x") == .start)
        for id in ["", "12", "start", Self.token.text + "A"] {
            let found = Self.code { () throws(Problem) in _ = try start(.serverSentEvents, id) }
            #expect(found == "400 invalid-last-event-id", "\(id)")
        }
    }

    @Test(arguments: [
        "model=m&where=list_id%3D42&where=name%5E%3Dab", "model=a%20b&where=x%20in%20%5B1%2C2%5D",
        "model=m&limit=3", "model=m&from=start&catchUp=latest&wait=5",
    ])
    func theURLOfTheNextPageReadsBack(text: String) throws {
        let query = try ChangesQuery(text, form: .json)
        let next = query.page(from: Self.token)
        #expect(next.hasPrefix("/v1/changes?"))
        let read = try ChangesQuery(String(next.dropFirst("/v1/changes?".count)), form: .json)
        #expect(read.request.filter == query.request.filter)
        #expect(read.request.start == .token(Self.token))
        #expect(read.request.catchUp == .all)
        #expect(read.limit == query.limit && read.waitSeconds == 0)
    }

    @Test func pathsNameGroupsInstancesAndHistories() throws {
        #expect(
            try ModelsQuery(path: "/v1/models/m", query: "where=a%3D1&at=12")
                == .group(
                    Filter(group: GroupKey(model: "m", property: "a", value: .number(1))),
                    at: .offset(Offset(12))))
        #expect(
            try ModelsQuery(path: "/v1/models/m", query: "") == .group(Filter(model: "m"), at: .now)
        )
        #expect(
            try ModelsQuery(path: "/v1/models/m/a%2Fb", query: "at=1970-01-01T00:00:01Z")
                == .instance(model: "m", key: "a/b", at: .time(1_000_000)))
        #expect(
            try ModelsQuery(path: "/v1/models/m/history", query: "")
                == .instance(model: "m", key: "history", at: .now))
        #expect(
            try ModelsQuery(path: "/v1/models/m/1/history", query: "from=3&limit=9")
                == .history(model: "m", key: "1", from: Offset(3), limit: 9))
        let path = ModelsQuery.historyPath(model: "m n", key: "ä/1", from: Offset(3), limit: 9)
        let parts = path.split(separator: "?")
        #expect(
            try ModelsQuery(path: String(parts[0]), query: String(parts[1]))
                == .history(model: "m n", key: "ä/1", from: Offset(3), limit: 9))
    }

    @Test(arguments: ["/v1/models", "/v1/models/m/1/2", "/v1/models/m/1/history/", "/v2/models/m"])
    func thereIsNothingAtOtherPaths(path: String) throws {
        #expect(try ModelsQuery(path: path, query: "") == nil)
    }

    @Test(arguments: [
        ("/v1/models/m", "at=now", "400 invalid-at"),
        ("/v1/models/m", "at=start", "400 invalid-at"),
        ("/v1/models/m", "at=1&at=2", "400 duplicate-parameter"),
        ("/v1/models/m", "from=1", "400 unknown-parameter"),
        ("/v1/models/m", "where=%3D1", "400 invalid-filter"),
        ("/v1/models/m/1", "where=a%3D1", "400 unknown-parameter"),
        ("/v1/models/m/1/history", "at=1", "400 unknown-parameter"),
        ("/v1/models/m/1/history", "from=-1", "400 invalid-from"),
        ("/v1/models/m/%ff", "", "400 invalid-url"), ("/v1/models//1", "", "400 invalid-model"),
    ])
    func whatIsWrongInAPathIsNamed(path: String, query: String, code: String) {
        let found = Self.code { () throws(Problem) in
            _ = try ModelsQuery(path: path, query: query)
        }
        #expect(found == code)
    }
}
