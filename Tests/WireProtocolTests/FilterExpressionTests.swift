import LogModel
import Testing
import WireProtocol

struct FilterExpressionTests {
    @Test(
        arguments: [
            ("list_id=42", "list_id", .isIn([.number(42)])),
            ("list_id = 42 ", "list_id", .isIn([.number(42)])),
            ("  a b =c d\t", "a b", .isIn([.string("c d")])),
            (#"a="42""#, "a", .isIn([.string("42")])),
            ("a=", "a", .isIn([.string("")])),
            ("a=null", "a", .isIn([.null])),
            ("a=true", "a", .isIn([.boolean(true)])),
            ("a=True", "a", .isIn([.string("True")])),
            ("a=1.0", "a", .isIn([Scalar(kind: .number, text: "1.0")])),
            ("a=1.0.0", "a", .isIn([.string("1.0.0")])),
            ("a=042", "a", .isIn([.string("042")])),
            ("a=x=y<z", "a", .isIn([.string("x=y<z")])),
            (#"a="=y""#, "a", .isIn([.string("=y")])),
            (#"a="x"#, "a", .isIn([.string("\"x")])),
            ("a=[1,2]", "a", .isIn([.string("[1,2]")])),
            (#"a={"b":1}"#, "a", .isIn([.string(#"{"b":1}"#)])),
            ("a=in [1]", "a", .isIn([.string("in [1]")])),
            (#"state!="done""#, "state", .isNot([.string("done")])),
            ("state != done", "state", .isNot([.string("done")])),
            ("state! != done", "state!", .isNot([.string("done")])),
            ("a!b=1", "a!b", .isIn([.number(1)])),
            ("total<10", "total", .order(.less, .number(10))),
            ("total<=10", "total", .order(.atMost, .number(10))),
            ("total>-1", "total", .order(.greater, .number(-1))),
            ("total>=10", "total", .order(.atLeast, .number(10))),
            ("name>=m", "name", .order(.atLeast, .string("m"))),
            ("name^=ab", "name", .hasPrefix("ab")),
            (#"name^="a\u0062""#, "name", .hasPrefix("ab")),
            ("zip^=12", "zip", .hasPrefix("12")),
            ("zip^=1.0", "zip", .hasPrefix("1.0")),
            ("name^=null", "name", .hasPrefix("null")),
            ("list_id in [1,2]", "list_id", .isIn([.number(1), .number(2)])),
            (#"list_id  in[ "a=b" , null]"#, "list_id", .isIn([.null, .string("a=b")])),
            ("in in [1]", "in", .isIn([.number(1)])),
            ("check in date=5", "check in date", .isIn([.number(5)])),
            ("main[0]=5", "main[0]", .isIn([.number(5)])),
            ("admin [x]=5", "admin [x]", .isIn([.number(5)])),
            (#""a=b"=c"#, "a=b", .isIn([.string("c")])),
            (#" "a\"<b" >= 1"#, "a\"<b", .order(.atLeast, .number(1))),
            (#""x in [1]"in [2]"#, "x in [1]", .isIn([.number(2)])),
            ("é=ü", "é", .isIn([.string("ü")])),
        ] as [(String, Text, Condition.Test)])
    func theFirstOperatorPartsPropertyAndValue(
        text: String, property: Text, test: Condition.Test
    ) throws {
        #expect(
            try FilterExpression(text).condition == Condition(property: property, test: test))
    }

    private static let operators =
        "there are =, !=, <, <=, >, >=, ^= (prefix) and in […]"

    @Test(
        arguments: [
            ("", .invalidFilter, #"where: "" has no operator; "# + operators),
            ("list_id", .invalidFilter, #"where: "list_id" has no operator; "# + operators),
            (
                "list_id in 1,2", .invalidFilter,
                #"where: "list_id in 1,2" has no operator; "# + operators
            ),
            ("in [1]", .invalidFilter, #"where: "in [1]" has no operator; "# + operators),
            (#""a" b=1"#, .invalidFilter, #"where: ""a" b=1" has no operator; "# + operators),
            (#""a""#, .invalidFilter, #"where: ""a"" has no operator; "# + operators),
            ("=5", .invalidFilter, #"where: "=5" has no property"#),
            ("  <5", .invalidFilter, #"where: "  <5" has no property"#),
            (
                #""a=5"#, .invalidFilter,
                #"where: ""a=5" begins with a quote, but not with a JSON string"#
            ),
            (
                #""a\x"=5"#, .invalidFilter,
                #"where: ""a\x"=5" begins with a quote, but not with a JSON string"#
            ),
            (
                #"""=5"#, .invalidFilter,
                "where: a condition is for a property, whose name is not empty"
            ),
            (
                "a==5", .invalidFilter,
                #"where: "=5" begins like an operator; a string that does is put in double quotes"#
            ),
            (
                "a=>5", .invalidFilter,
                #"where: ">5" begins like an operator; a string that does is put in double quotes"#
            ),
            (
                "a<>5", .invalidFilter,
                #"where: ">5" begins like an operator; a string that does is put in double quotes"#
            ),
            (
                "a in [1", .invalidFilter,
                #"where: in takes a JSON list of strings, numbers, true, false and null, not "[1""#
            ),
            (
                "a in [x]", .invalidFilter,
                #"where: in takes a JSON list of strings, numbers, true, false and null, not "[x]""#
            ),
            (
                "a in [[1]]", .invalidFilter,
                #"where: in takes a JSON list of strings, numbers, true, false and null, not "[[1]]""#
            ),
            ("a in []", .invalidFilter, #"where: in for "a" takes at least one value"#),
            ("a^=", .invalidFilter, #"where: ^= for "a" takes a string that is not empty"#),
            (#"a^="""#, .invalidFilter, #"where: ^= for "a" takes a string that is not empty"#),
            (
                "a<true", .invalidFilter,
                #"where: < for "a" takes a number or a string; null, true and false have no order"#
            ),
            (
                "a<1e999", .invalidFilter,
                #"where: "1e999": the number does not fit into 64-bit floating point"#
            ),
            (
                "a=\(String(repeating: "1", count: 33))", .invalidFilter,
                #"where: "\#(String(repeating: "1", count: 33))": "#
                    + "the number has more than 32 characters"
            ),
            (
                "a=\(String(repeating: "x", count: 257))", .filterTooLarge,
                #"where: a value for "a" has more than 256 bytes; the log keeps no groups for such "#
                    + "values"
            ),
        ] as [(String, RequestErrorCode, String)])
    func whatIsNoConditionIsExplained(text: String, code: RequestErrorCode, message: String) {
        #expect(
            Refusal.of(expression: text)
                == RequestError(code: code, member: "where", message: message))
    }

    @Test(
        arguments: [
            (.init("list_id", .isIn([.number(42)])), ["list_id=42"]),
            (.init("a", .isIn([.string("x"), .null])), [#"a in [null,"x"]"#]),
            (.init("a", .isNot([.number(1), .string("b")])), ["a!=1", #"a!="b""#]),
            (.init("a b", .order(.atMost, .string("<"))), [#""a b"<="<""#]),
            (.init("x=\"", .hasPrefix("1")), [#""x=\""^="1""#]),
        ] as [(Condition, [String])])
    func aConditionIsWrittenSoThatItIsReadAgain(condition: Condition, texts: [String]) throws {
        #expect(FilterExpression.texts(of: condition) == texts)
        let query = [("model", "m")] + texts.map { ("where", $0) }
        let request = try SubscriptionRequest(query: query.map { (name: $0.0, value: $0.1) })
        #expect(request.filter == Filter(model: "m", conditions: [condition]))
    }
}
