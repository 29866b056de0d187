import LogModel
import Testing
import WireProtocol

struct CamelCaseTests {
    @Test(arguments: [
        ("a_b", "aB"), ("_a", "A"), ("a__b", "a_B"), ("a_1", "a1"), ("k_12", "k12"), ("a_", "a_"),
        ("a_b_c", "aBC"), ("", ""), ("_", "_"), ("__", "__"), ("___a", "__A"), ("_a_", "A_"),
        ("a_B", "a_B"), ("A_b", "AB"), ("a_é", "a_é"), ("é_a", "éA"), ("list_id", "listId"),
        ("a_-b", "a_-b"), ("a b_c", "a bC"), ("1_a", "1A"), ("a_z_9_0", "aZ90"), ("plain", "plain"),
        ("alreadyCamel", "alreadyCamel"),
    ])
    func anUnderscoreBeforeASmallLetterOrADigitGoes(key: String, camel: String) {
        #expect(Self.camel(#"{"\#(key)":1}"#) == #"{"\#(camel)":1}"#)
    }

    @Test(arguments: [
        (#"{"a_b":{"c_d":[{"e_f":1},[{"g_h":2}]]}}"#, #"{"aB":{"cD":[{"eF":1},[{"gH":2}]]}}"#),
        (#"{"a":"b_c","d":["e_f","{\"g_h\":1}"]}"#, #"{"a":"b_c","d":["e_f","{\"g_h\":1}"]}"#),
        (#"{"a":"x_y\":z","b_c":""}"#, #"{"a":"x_y\":z","bC":""}"#),
        (#"{"a":"\\","b_c":"\\\\\""}"#, #"{"a":"\\","bC":"\\\\\""}"#),
        (#"["a_b",{"a_b":null}]"#, #"["a_b",{"aB":null}]"#),
        (#"{"a_b":-1.5e+3,"c_d":true}"#, #"{"aB":-1.5e+3,"cD":true}"#),
        ("{}", "{}"), ("[]", "[]"), (#""a_b""#, #""a_b""#), ("12", "12"),
    ])
    func keysChangeAtEveryDepthAndValuesNever(json: String, camel: String) {
        #expect(Self.camel(json) == camel)
    }

    /// The original reads the JSON before it renames, so an escape in a key is a character like any other.
    @Test(arguments: [
        (#"a\"_b"#, #"a"B"#), (#"a\\_b"#, #"a\B"#), (#"a\n_b"#, "a\nB"), (#"a_\nb"#, "a_\nb"),
        (#"a\u005fb"#, "aB"), (#"a_\u0062"#, "aB"), (#"\u005f\u0031"#, "1"), (#"a_\u00e9"#, "a_é"),
        (#"a\/_b"#, "a/B"), (#"\ud83c\udf0d_b"#, "🌍B"), (#"a_u0062"#, "aU0062"),
        (#"a_\\b"#, #"a_\b"#), (#"\u0000_a"#, "\u{0}A"),
    ])
    func escapesInKeysAreReadFirst(key: String, camel: String) throws {
        let result = Self.camel(#"{"\#(key)":"\u005fa"}"#)
        let document = try JSONDocument(parsing: Array(result.utf8))
        #expect(document.members(of: document.root).map(\.key.string) == [camel])
        #expect(result.hasSuffix(#":"\u005fa"}"#))
    }

    private static func camel(_ json: String) -> String {
        var result: [UInt8] = []
        CamelCase.append(keysOf: Array(json.utf8).span.bytes, to: &result)
        return String(decoding: result, as: UTF8.self)
    }
}
