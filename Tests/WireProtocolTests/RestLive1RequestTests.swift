import LogModel
import Testing
import WireProtocol

struct RestLive1RequestTests {
    /// What Python's `bool` says of each JSON value.
    @Test(arguments: [
        ("null", false), ("false", false), ("true", true),
        ("0", false), ("-0", false), ("0.0", false), ("-0.0", false), ("0e5", false),
        ("0.00E-3", false), ("1e-400", false), ("-4.9e-325", false),
        ("1", true), ("-1", true), ("0.5", true), ("-0.01", true), ("1e5", true), ("0.1e-5", true),
        ("12345678901234567890", true),
        (#""""#, false), (#""no""#, true), (#""false""#, true), (#""0""#, true), (#"" ""#, true),
        ("[]", false), ("[0]", true), ("[[]]", true),
        ("{}", false), (#"{"a":null}"#, true),
    ])
    func unsubscribeCountsIfPythonTakesItAsTrue(json: String, isTrue: Bool) throws {
        let request = try Self.read(
            #"{"unsubscribe":\#(json),"model":"todolist.Task","property":"list_id","value":1}"#)
        let group = GroupKey(model: "todolist.Task", property: "list_id", value: .number(1))
        #expect(request == (isTrue ? .unsubscribe(group) : .subscribe(group)))
    }

    @Test(arguments: [
        (#""property":"list_id","#, "list_id"),
        (#""property":"pk","#, "id"),
        (#""property":"id","#, "id"),
        (#""property":null,"#, "id"),
        ("", "id"),
        (#""property":"PK","#, "PK"),
        (#""property":"p\u006b","#, "id"),
    ])
    func aMissingOrNullPropertyAndPkMeanTheKey(member: String, property: String) throws {
        let request = try Self.read(#"{\#(member)"model":"m","value":7}"#)
        #expect(
            request
                == .subscribe(GroupKey(model: "m", property: Text(property), value: .number(7))))
    }

    @Test(arguments: [
        ("0", Scalar.number(0)), ("-1", .number(-1)), ("1.0", Scalar(kind: .number, text: "1.0")),
        ("false", .boolean(false)), ("true", .boolean(true)), (#""""#, .string("")),
        (#""a\u0062""#, .string("ab")), (#""None""#, .string("None")), (#""é""#, .string("é")),
    ])
    func everyScalarButNullIsAValue(json: String, value: Scalar) throws {
        let request = try Self.read(#"{"model":"m","property":"p","value":\#(json)}"#)
        #expect(request == .subscribe(GroupKey(model: "m", property: "p", value: value)))
    }

    @Test(arguments: [
        #"{"property":"p","value":1}"#,
        #"{"model":null,"property":"p","value":1}"#,
        #"{"model":5,"property":"p","value":1}"#,
        #"{"model":["m"],"property":"p","value":1}"#,
        #"{"model":"m","property":"p"}"#,
        #"{"model":"m","property":"p","value":null}"#,
        #"{"model":"m","property":"p","value":[1]}"#,
        #"{"model":"m","property":"p","value":{}}"#,
        #"{"model":"m","property":"","value":1}"#,
        #"{"model":"m","property":5,"value":1}"#,
        #"{"model":"m","property":["p"],"value":1}"#,
        "{}", "[]", #"[{"model":"m","property":"p","value":1}]"#, #""subscribe""#, "null", "1",
    ])
    func whatCannotBeUnderstoodIsIgnored(json: String) throws {
        #expect(try Self.read(json) == nil)
    }

    private static func read(_ json: String) throws -> RestLive1Request? {
        RestLive1Request(try JSONDocument(parsing: Array(json.utf8)))
    }
}
