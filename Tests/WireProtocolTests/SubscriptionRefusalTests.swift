import LogModel
import Testing
import WireProtocol

/// What a `subscribe` message cannot ask for, and what its sender is told.
struct SubscriptionRefusalTests {
    @Test(
        arguments: [
            (#""from":"now""#, .missingModel, missingModel),
            (#""model":null"#, .invalidModel, "model must be a string of 1 to 128 bytes"),
            (#""model":"""#, .invalidModel, "model must be a string of 1 to 128 bytes"),
            (#""model":3"#, .invalidModel, "model must be a string of 1 to 128 bytes"),
            (
                #""model":"\#(long(129))""#, .invalidModel,
                "model must be a string of 1 to 128 bytes"
            ),
            (
                #""model":"m","form":"now""#, .unknownMember,
                #""form" is not a member of this message; there are "subscribe", "model", "where", "#
                    + #""from", "catchUp", "budget""#
            ),
            (
                #""model":"m","unsubscribe":7"#, .unknownMember,
                #""unsubscribe" is not a member of this message; there are "subscribe", "model", "#
                    + #""where", "from", "catchUp", "budget""#
            ),
            (
                #""\#(long(41))":0"#, .unknownMember,
                #""\#(long(40))…" is not a member of this message; there are "subscribe", "model", "#
                    + #""where", "from", "catchUp", "budget""#
            ),
            (#""model":"m","catchUp":"none""#, .invalidCatchUp, invalidCatchUp),
            (#""model":"m","catchUp":true"#, .invalidCatchUp, invalidCatchUp),
            (#""model":"m","budget":0"#, .invalidBudget, invalidBudget),
            (#""model":"m","budget":1000001"#, .invalidBudget, invalidBudget),
            (#""model":"m","budget":-1"#, .invalidBudget, invalidBudget),
            (#""model":"m","budget":1.0"#, .invalidBudget, invalidBudget),
            (#""model":"m","budget":"1""#, .invalidBudget, invalidBudget),
            (#""model":"m","budget":null"#, .invalidBudget, invalidBudget),
            (#""model":"m","budget":18446744073709551615"#, .invalidBudget, invalidBudget),
        ] as [(String, RequestErrorCode, String)])
    func aMemberThatIsWrongIsNamed(members: String, code: RequestErrorCode, message: String) {
        Self.expect(members, code, message)
    }

    @Test(arguments: [
        #""""#, #""NOW""#, "null", "12", "[]", "{}", "true", #""12""#, #""2026-11-23T10:00:00Z""#,
        #""AAAAAAAAAAAAAAAAAAAAAAAAAAAA""#, #"{"token":"x"}"#, #"{"offset":1,"time":0}"#,
    ])
    func fromIsOneOfTheFormsThatExist(json: String) {
        Self.expect(
            #""model":"m","from":\#(json)"#, .invalidFrom,
            #"from must be "now", "start", "snapshot", a token that this server has given, "#
                + #"{"offset":12} or {"time":"2026-11-23T10:00:00Z"}"#)
    }

    @Test(arguments: ["-1", "1.0", "18446744073709551616", #""12""#, "null"])
    func anOffsetIsAnInteger(json: String) {
        Self.expect(
            #""model":"m","from":{"offset":\#(json)}"#, .invalidFrom,
            "the offset in from must be an integer from 0 to 18446744073709551615")
    }

    @Test(arguments: [
        #""2026-11-23""#, #""1795428000000000""#, "1.5", "1e3", "null", "253402300800000000",
        "-62167219200000001", "9223372036854775808", "[0]",
    ])
    func aTimeIsOfRFC3339OrMicroseconds(json: String) {
        Self.expect(
            #""model":"m","from":{"time":\#(json)}"#, .invalidFrom,
            #"the time in from must be like "2026-11-23T10:00:00Z" (RFC 3339), or an integer of "#
                + "microseconds since 1970, in the years 0000 to 9999")
    }

    @Test(
        arguments: [
            ("null", .invalidFilter, shape), ("[1]", .invalidFilter, shape),
            (#""p=1""#, .invalidFilter, shape),
            (
                #"{"p":[1]}"#, .invalidFilter,
                #"where: "p" takes a string, a number, true, false, null or an object of operators; "#
                    + #"for one of several values {"in":[…]}"#
            ),
            (
                #"{"":1}"#, .invalidFilter,
                "where: a condition is for a property, whose name is not empty"
            ),
            (
                #"{"p":{}}"#, .invalidFilter,
                #"where: "p" has an object without an operator; "# + existing
            ),
            (
                #"{"p":{"in":[1],"~":1}}"#, .unknownOperator,
                #"where: "~" for "p" is no operator; "# + existing
            ),
            (
                #"{"p":{"=":1}}"#, .unknownOperator,
                #"where: "=" for "p" is no operator; "# + existing
            ),
            (
                #"{"p":{"in":1}}"#, .invalidFilter,
                #"where: "in" for "p" takes a list of strings, numbers, true, false and null"#
            ),
            (
                #"{"p":{"in":[[1]]}}"#, .invalidFilter,
                #"where: "in" for "p" takes a list of strings, numbers, true, false and null"#
            ),
            (
                #"{"p":{"in":[]}}"#, .invalidFilter,
                #"where: "in" for "p" takes at least one value"#
            ),
            (
                #"{"p":{"!=":[]}}"#, .invalidFilter,
                #"where: "!=" for "p" takes at least one value"#
            ),
            (
                #"{"p":{"!=":{}}}"#, .invalidFilter,
                #"where: "!=" for "p" takes a string, a number, true, false, null or a list of them"#
            ),
            (
                #"{"p":{"<":[1]}}"#, .invalidFilter,
                #"where: "<" for "p" takes a number or a string"#
            ),
            (
                #"{"p":{">=":null}}"#, .invalidFilter,
                #"where: ">=" for "p" takes a number or a string; null, true and false have no order"#
            ),
            (
                #"{"p":{"prefix":1}}"#, .invalidFilter,
                #"where: "prefix" for "p" takes a string that is not empty"#
            ),
            (
                #"{"p":{"prefix":""}}"#, .invalidFilter,
                #"where: "prefix" for "p" takes a string that is not empty"#
            ),
            (
                #"{"\#(long(129))":1}"#, .filterTooLarge,
                #"where: the property "\#(long(40))…" has more than 128 bytes; the log keeps no "#
                    + "groups for such properties"
            ),
            (
                #"{"p":{"<":"\#(long(257))"}}"#, .filterTooLarge,
                #"where: a value for "p" has more than 256 bytes; the log keeps no groups for such "#
                    + "values"
            ),
            (
                "{\((0..<33).map { #""p\#($0)":1"# }.joined(separator: ","))}", .filterTooLarge,
                "where: there are more than 32 conditions"
            ),
            (
                #"{"q":1,"p":{"in":[\#((0..<64).map(String.init).joined(separator: ","))]}}"#,
                .filterTooLarge, "where: there are more than 64 values"
            ),
        ] as [(String, RequestErrorCode, String)])
    func aFilterThatCannotBeIsExplained(json: String, code: RequestErrorCode, message: String) {
        Self.expect(#""model":"m","where":\#(json)"#, code, message)
    }

    private static let missingModel =
        #"model is missing: the label of a model, for instance "todolist.Task""#
    private static let invalidCatchUp = #"catchUp must be "all" or "latest""#
    private static let invalidBudget =
        "budget must be an integer from 1 to 1000000: the most records to replay"
    private static let shape =
        "where: it must be an object of properties and what they must be"
    private static let existing =
        #"there are "in", "!=", "<", "<=", ">", ">=", "prefix""#

    private static func long(_ count: Int) -> String { SubscriptionRequestTests.long(count) }

    private static func expect(
        _ members: String, _ code: RequestErrorCode, _ message: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = Refusal.of(message: Array(#"{"subscribe":7,\#(members)}"#.utf8))
        #expect(
            error == Livelog1Error(id: 7, code: code, message: message),
            sourceLocation: sourceLocation)
    }
}
