import LogModel
import Testing

struct ModelRulesTests {
    @Test(arguments: [0, 1, 2, 3, 100, 1000])
    func everyModelIsFoundAndNoOther(count: Int) {
        let rules = ModelRules(
            (0..<count).map { ModelRules.Model(label: Text("app.Model\($0)"), key: Text("k\($0)")) }
        )
        #expect(rules.isEmpty == (count == 0))
        for number in 0..<count {
            #expect(rules[Text("app.Model\(number)")]?.key == Text("k\(number)"))
        }
        for other in ["", "app.Model", "app.Model\(count)", "app.model0", "app.Model0 "] {
            #expect(rules[Text(other)] == nil)
        }
    }

    @Test func ofTwoWithOneLabelTheLastCounts() {
        let rules = ModelRules([
            ModelRules.Model(label: "m", key: "a"), ModelRules.Model(label: "m", key: "b"),
        ])
        #expect(rules["m"]?.key == "b")
    }

    @Test func onlyWhatIsNamedIsRecordedUnlessNothingIs() {
        let named = ModelRules.Model(label: "m", recordedGroups: ["list", "lists"])
        let all = ModelRules.Model(label: "m")
        for (name, isNamed) in [("list", true), ("lists", true), ("lis", false), ("", false)] {
            let bytes = Array(name.utf8)
            let found = (named.records(bytes.span), all.records(bytes.span))
            #expect(found == (isNamed, true))
        }
    }
}
