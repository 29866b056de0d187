import LivelogClient
import Testing

@Suite struct ScalarValueTests {
    @Test(arguments: [
        ("42", ScalarValue.number("42"), "42"),
        ("-1.50e3", .number("-1.50e3"), "-1.50e3"),
        ("true", .boolean(true), "true"),
        ("false", .boolean(false), "false"),
        ("null", .null, "null"),
        ("\"42\"", .string("42"), "\"42\""),
        ("\"a\\u00e9\"", .string("aé"), "\"aé\""),
        ("open", .string("open"), "\"open\""),
        ("", .string(""), "\"\""),
        ("042", .string("042"), "\"042\""),
        ("NaN", .string("NaN"), "\"NaN\""),
        ("say \"x\"\n", .string("say \"x\"\n"), #""say \"x\"\n""#),
        ("{\"a\":1}", .string("{\"a\":1}"), #""{\"a\":1}""#),
        ("[1]", .string("[1]"), "\"[1]\""),
    ])
    func whatIsTypedIsJSONIfItCanBe(typed: String, value: ScalarValue, json: String) {
        #expect(ScalarValue(typed: typed) == value)
        var written: [UInt8] = []
        value.write(to: &written)
        #expect(String(decoding: written, as: UTF8.self) == json)
    }

    @Test func anIntegerIsItsDigits() {
        #expect(ScalarValue.integer(-7) == .number("-7"))
    }
}
