import LogModel
import TestSupport
import Testing
import WireProtocol

/// Changes of models that are configured.
struct ChangeRulesTests {
    private static let rules = ModelRules([
        ModelRules.Model(label: "task", key: "uid", recordedGroups: ["list", "uid", "owner"]),
        ModelRules.Model(label: "open", key: "pk"),
        ModelRules.Model(label: "none", recordedGroups: []),
    ])

    private static func read(
        _ text: String, as form: BodyForm = .json, _ rules: ModelRules = Self.rules
    ) throws(ChangeError) -> [ReadableChange] {
        var reader = ChangeReader()
        return try reader.read(Array(text.utf8), as: form, batching: .atomic, rules: rules).readable
    }

    private static func refusal(_ text: String, as form: BodyForm = .json) -> ChangeError? {
        do throws(ChangeError) {
            _ = try self.read(text, as: form)
            return nil
        } catch {
            return error
        }
    }

    @Test func theKeyAndTheGroupsAreThoseOfTheModel() throws {
        let body = """
            {"model":"task","action":"CREATED","instance":{"id":1,"owner":"a","uid":"k","list":4,"text":"x"}}
            {"model":"open","action":"CREATED","instance":{"id":1,"pk":2,"text":"x"}}
            {"model":"other","action":"CREATED","instance":{"id":3,"pk":2}}
            {"model":"none","action":"CREATED","instance":{"id":5,"pk":2}}
            {"model":"t\\u0061sk","action":"UPDATED","instance":{"u\\u0069d":"\\u006b","l\\u0069st":[1],"x":1}}
            {"model":"task","action":"UPDATED","key":9,"instance":{"owner":null}}
            """
        let changes = try Self.read(body, as: .ndjson)
        #expect(
            changes.map(\.key) == [
                .string("k"), .number(2), .number(3), .number(5), .string("k"), .number(9),
            ])
        #expect(
            changes.map(\.groups) == [
                ["list=number:4", "uid=string:k", "owner=string:a"],
                ["id=number:1", "pk=number:2", "text=string:x"], ["id=number:3", "pk=number:2"], [],
                ["uid=string:k"], ["uid=number:9", "owner=null:"],
            ])
    }

    @Test func whoMayNotPublishAModelLearnsNothingOfItsRules() throws {
        let limited = Self.rules.limited { $0 != "task" }
        #expect(limited["task"] == nil && limited["open"] != nil && !limited.isEmpty)
        for change in [
            #"{"model":"task","action":"CREATED","instance":{"uid":1}}"#,
            #"{"model":"task","action":"CREATED","instance":{"id":1},"groups":{"text":"x"}}"#,
        ] {
            func outcome(_ text: String, _ rules: ModelRules) -> Result<[String], ChangeError> {
                do throws(ChangeError) {
                    return .success(try Self.read(text, as: .json, rules).flatMap(\.groups))
                } catch {
                    return .failure(error)
                }
            }
            let other = change.replacing("task", with: "none of them")
            #expect(outcome(change, limited) == outcome(other, Self.rules))
            #expect(outcome(change, limited) != outcome(change, Self.rules))
        }
    }

    @Test func groupsThatAreNamedMustBeConfigured() throws {
        let named = try Self.read(
            #"{"model":"task","action":"CREATED","instance":{"uid":1,"list":2},"groups":{"list":3,"owner":"o"}}"#
        )
        #expect(named[0].groups == ["list=number:3", "uid=number:1", "owner=string:o"])
        let right = #"{"model":"task","action":"CREATED","instance":{"uid":1}}"#
        let wrong =
            #"{"model":"task","action":"CREATED","instance":{"uid":1},"groups":{"t\u0065xt":"x"}}"#
        let refusal = try #require(Self.refusal("\(right)\n\(wrong)\n", as: .ndjson))
        #expect(refusal.code == "unknown-group")
        #expect(refusal.line == 2)
        #expect(refusal.change == 1)
        #expect(
            refusal.message
                == "\"text\" is not configured as a group of task: leave it out, or configure it; "
                + "there are list, uid, owner")
        // Of others every group can be named.
        let other = wrong.replacing("task", with: "other").replacing("uid", with: "id")
        #expect(try Self.read(other)[0].groups == ["id=number:1", "text=string:x"])
    }

    @Test func refusalsNameThePropertyThatIsTheKey() throws {
        let missing = try #require(
            Self.refusal(#"{"model":"task","action":"CREATED","instance":{"id":1}}"#))
        #expect(missing.code == "missing-key")
        #expect(missing.message.contains("\"uid\""))
        let invalid = try #require(
            Self.refusal(#"{"model":"open","action":"CREATED","instance":{"id":1,"pk":null}}"#))
        #expect(invalid.code == "invalid-key")
        #expect(invalid.message.contains("instance's pk"))
    }

    /// What is read by rules is what is read without them, as far as the rules name it.
    @Test func rulesOnlyLeaveGroupsOutAndChooseTheKey() throws {
        var random = SeededGenerator.ofThisRun()
        let names = ["a", "b", "c", "longer_name", "é", "id", "list_id"]
        for round in 0..<500 {
            let recorded = names.filter { _ in random.chance(1, in: 2) }.map { Text($0) }
                .shuffled(using: &random)
            let keyName = random.pick(names)
            let rules = ModelRules(
                (0..<random.below(40)).map { ModelRules.Model(label: Text("x\($0)")) } + [
                    ModelRules.Model(label: "m", key: Text(keyName), recordedGroups: recorded)
                ])
            var lines: [String] = []
            for _ in 0..<8 {
                let model = random.pick(["m", "m", "x3", "free"])
                let members = names.map { name in
                    let escaped =
                        random.chance(1, in: 4)
                        ? name.unicodeScalars.map { "\\u" + Self.hexadecimal($0.value) }.joined()
                        : name
                    let value = random.pick(["1", "\"v\"", "true", "\"\\u0041\"", "-0.5"])
                    return "\"\(escaped)\": \(value)"
                }
                lines.append(
                    #"{"model":"\#(model)","action":"UPDATED","instance":{\#(members.joined(separator: ","))}}"#
                )
            }
            let body = lines.joined(separator: "\n")
            let plain = try Self.read(body, as: .ndjson, .none)
            let ruled = try Self.read(body, as: .ndjson, rules)
            for (before, after) in zip(plain, ruled) {
                guard before.model == "m" else {
                    #expect(before == after, "\(random) \(round)")
                    continue
                }
                // In the order of the rules, whatever that of the instance.
                let kept = recorded.flatMap { name in
                    before.groups.filter { $0.hasPrefix("\(name.string)=") }
                }
                let key = before.groups.first { $0.hasPrefix("\(keyName)=") }
                #expect(after.groups == kept, "\(random) \(round)")
                #expect(
                    "\(keyName)=\(after.key.kind):\(after.key.text)" == key, "\(random) \(round)")
                #expect(after.instance == before.instance)
            }
        }
    }

    private static func hexadecimal(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
