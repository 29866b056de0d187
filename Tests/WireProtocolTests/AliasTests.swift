import LogModel
import Testing
import WireProtocol

/// Names that stand for properties, as a configuration says.
struct AliasTests {
    private static let rules = ModelRules([
        ModelRules.Model(
            label: "task", key: "uid", recordedGroups: ["list_id", "uid"],
            aliases: ["list": "list_id", "liste": "list_id"]),
        ModelRules.Model(label: "pk", key: "uid", aliases: ["pk": "owner"]),
    ])

    private static let group = Filter(
        group: GroupKey(model: "task", property: "list_id", value: .number(4)))

    @Test func anAliasInAMessageStandsForItsProperty() throws {
        func filter(_ json: String) throws -> Filter? {
            guard
                case .subscribe(_, let request) = try Livelog1Request(
                    Array(json.utf8), rules: Self.rules)
            else { return nil }
            return request.filter
        }
        for name in ["list", "liste", "list_id"] {
            // The model may come after what is meant in its terms.
            #expect(
                try filter(#"{"subscribe":1,"where":{"\#(name)":4},"model":"task"}"#) == Self.group)
            #expect(
                try filter(#"{"subscribe":1,"model":"other","where":{"\#(name)":4}}"#)
                    == Filter(
                        group: GroupKey(model: "other", property: Text(name), value: .number(4))))
        }
    }

    @Test func anAliasInAURLStandsForItsProperty() throws {
        let changes = try ChangesQuery(
            "model=task&where=list%3D4", form: .json, rules: Self.rules)
        #expect(changes.request.filter == Self.group)
        // The pages that follow are asked for by the property, and by whatever rules there are then.
        #expect(changes.request.query.map(\.value) == ["task", "list_id=4"])
        let models = try ModelsQuery(
            path: "/v1/models/task", query: "where=list%3D4", rules: Self.rules)
        #expect(models == .group(Self.group, at: .now))
    }

    @Test func twoNamesOfOnePropertyAreOneProperty() throws {
        func refusal(_ query: [String]) -> RequestError? {
            do throws(RequestError) {
                _ = try SubscriptionRequest(
                    query: [(name: "model", value: "task")]
                        + query.map { (name: "where", value: $0) }, rules: Self.rules)
                return nil
            } catch {
                return error
            }
        }
        // Not in so many words: they are for whom may see the model.
        let refused = try #require(refusal(["list=4", "list_id=5"]))
        #expect(refused.code == .forbidden && refused.message == Livelog1Error.forbiddenMessage)
        let problem = Problem(refused)
        #expect(problem.status == 403 && !problem.detail.contains("list_id"))
        #expect(refusal(["list>=4", "list_id<5"]) == nil)
        #expect(refusal(["list!=4", "list_id!=5", "liste!=6"]) == nil)
    }

    @Test(arguments: [
        ("task", #""property":"list","#, "list_id"), ("task", #""property":"pk","#, "uid"),
        ("task", "", "uid"), ("task", #""property":null,"#, "uid"),
        ("task", #""property":"id","#, "uid"), ("pk", #""property":"pk","#, "owner"),
        ("other", #""property":"pk","#, "id"), ("other", #""property":"list","#, "list"),
    ])
    func oldClientsUseAliasesToo(model: String, member: String, property: String) throws {
        let document = try JSONDocument(
            parsing: Array(#"{\#(member)"model":"\#(model)","value":7}"#.utf8))
        #expect(
            RestLive1Request(document, rules: Self.rules)
                == .subscribe(
                    GroupKey(model: Text(model), property: Text(property), value: .number(7))))
    }
}
