import LogModel
import Testing
import WireProtocol

struct JSONDocumentTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1", "-1", "10", "0.5", "-0.5e+10", "1E5", "1e-400",
        "9007199254740993", "18446744073709551616", "99999999999999999999999999999999",
        "1.7976931348623157e308", "1.7976931348623158e308", "0e999999999", "0.0e+999",
        "\"\"", "\"a\"", "\"é€🌍\"", "\"\u{7F}\"", "\"\u{2028}\"", #""\u0000""#,
        #""\"\\\/\b\f\n\r\t""#,
        #""\u00e9\uD83C\uDF0D""#, #""\uFFFF""#, #""\\u12""#, #""\\""#, #""\\\"""#,
        "[]", "{}", "[[]]", "[{}]", "{\"\":{}}", "[1,2,3]", "[ ]", "{ }", " \t\r\n1\r\n",
        "{\"a\":1,\"b\":[true,null,\"x\"]}", "{ \"a\" : 1 , \"b\" : 2 }", "[1 ,2 ]",
        "{\"a\":{\"a\":{\"a\":1}}}", "[{\"a\":1},{\"a\":1}]", "{\"a\":1,\"A\":2,\"aa\":3}",
        "[\"{\",\"}\",\"[\",\"]\",\",\",\":\"]", "{\"a b\":\"c:d,e\"}",
    ])
    func validDocumentsAreRead(text: String) throws {
        let document = try JSONDocument(parsing: Array(text.utf8))
        let expected = try #require(JSONReference.read(Array(text.utf8)))
        #expect(document.value(document.root) == expected)
    }

    @Test(arguments: [
        ("", "empty-document", 0), (" \n", "empty-document", 0),
        ("1 2", "malformed-json", 2), ("{} {}", "malformed-json", 3), ("1,", "malformed-json", 1),
        ("[1,]", "malformed-json", 3), ("[,1]", "malformed-json", 1),
        ("[1,,2]", "malformed-json", 3),
        ("[1 2]", "malformed-json", 3), ("[1:2]", "malformed-json", 2),
        ("[1}", "malformed-json", 2),
        ("{\"a\":1]", "malformed-json", 6), ("{\"a\":1,}", "malformed-json", 7),
        ("{,\"a\":1}", "malformed-json", 1), ("{\"a\" 1}", "malformed-json", 5),
        ("{\"a\":}", "malformed-json", 5), ("{\"a\"}", "malformed-json", 4),
        ("{\"a\"", "malformed-json", 4), ("{a:1}", "malformed-json", 1),
        ("{1:1}", "malformed-json", 1),
        ("{'a':1}", "malformed-json", 1), ("{\"a\":1 \"b\":2}", "malformed-json", 7),
        ("{\"a\"::1}", "malformed-json", 5), ("{null:1}", "malformed-json", 1),
        ("[", "malformed-json", 0), ("{", "malformed-json", 0), ("[1", "malformed-json", 0),
        ("[1,", "malformed-json", 2), ("]", "malformed-json", 0), ("}", "malformed-json", 0),
        (":", "malformed-json", 0), (",", "malformed-json", 0), ("[[1]", "malformed-json", 0),
        ("[1]]", "malformed-json", 3), ("\"a", "malformed-json", 0), ("\"", "malformed-json", 0),
        ("\"a\"b\"", "malformed-json", 4), ("\"a\"\"b\"", "malformed-json", 3),
        ("\"a\"1", "malformed-json", 3), ("1\"a\"", "malformed-json", 1),
        ("true\"a\"", "malformed-json", 0), ("\"\\", "malformed-json", 0),
        ("\"\\x\"", "malformed-json", 1), ("\"\\u12\"", "malformed-json", 1),
        ("\"\\u12G4\"", "malformed-json", 1), ("\"\\U0041\"", "malformed-json", 1),
        ("\"a\tb\"", "malformed-json", 2), ("\"\u{0}\"", "malformed-json", 1),
        ("\"a\nb\"", "malformed-json", 2), ("\u{0}", "malformed-json", 0),
        ("01", "malformed-json", 1), ("-", "malformed-json", 1), ("-01", "malformed-json", 2),
        ("+1", "malformed-json", 0), (".5", "malformed-json", 0), ("1.", "malformed-json", 2),
        ("1.e5", "malformed-json", 2), ("1e", "malformed-json", 2), ("1e+", "malformed-json", 3),
        ("1.5.5", "malformed-json", 3), ("0x10", "malformed-json", 1),
        ("1_000", "malformed-json", 1),
        ("- 1", "malformed-json", 1), ("NaN", "malformed-json", 0),
        ("Infinity", "malformed-json", 0),
        ("-Infinity", "malformed-json", 1), ("nul", "malformed-json", 0),
        ("nulll", "malformed-json", 0),
        ("True", "malformed-json", 0), ("truefalse", "malformed-json", 0),
        ("tru", "malformed-json", 0),
        ("undefined", "malformed-json", 0), ("\u{FEFF}1", "malformed-json", 0),
        ("[1]\u{FEFF}", "malformed-json", 3), ("1 // c", "malformed-json", 2),
        ("/**/1", "malformed-json", 0), ("\u{A0}1", "malformed-json", 0),
        ("\u{C}1", "malformed-json", 0),
        ("[1\u{C}]", "malformed-json", 2), ("1\u{1A}", "malformed-json", 1),
        ("\\\"a\"", "malformed-json", 0),
        ("[\\\"a\\\"]", "malformed-json", 1), ("{\"a\":1}\u{0}", "malformed-json", 7),
        (#""\uD800""#, "lone-surrogate", 1), (#""\uDC00""#, "lone-surrogate", 1),
        (#""\uD800\uD800""#, "lone-surrogate", 1), (#""a\uD83Cx""#, "lone-surrogate", 2),
        (#""\uDF0D\uD83C""#, "lone-surrogate", 1), (#"{"\uD800":1}"#, "lone-surrogate", 2),
        ("1e400", "number-out-of-range", 0), ("[-1e400]", "number-out-of-range", 1),
        ("1.7976931348623159e308", "number-out-of-range", 0), ("0.1e310", "number-out-of-range", 0),
        ("1e99999999999999999999", "number-out-of-range", 0),
        ("999999999999999999999999999999999", "number-too-long", 0),
        (#"{"a":1,"a":2}"#, "duplicate-key", 8), (#"{"a":1,"\u0061":2}"#, "duplicate-key", 8),
        (#"{"\u0061":1,"a":2}"#, "duplicate-key", 13), (#"{"":1,"":2}"#, "duplicate-key", 7),
        (#"[{"b":{"c":0,"c":0}}]"#, "duplicate-key", 14), (#"{"\/":1,"/":2}"#, "duplicate-key", 9),
        (#"{"id":1,"b":2,"id":3}"#, "duplicate-key", 15),
        (#"{"0123456789":1,"0123456780":1,"0123456789":2}"#, "duplicate-key", 32),
    ])
    func invalidDocumentsAreRefusedWithTheirByte(text: String, code: String, position: Int) {
        let error = #expect(throws: JSONError.self) {
            try JSONDocument(parsing: Array(text.utf8))
        }
        #expect(error?.code.rawValue == code)
        #expect(error?.position == position)
        #expect(error?.message.isEmpty == false)
        // What the reference refuses too, apart from the limit on numbers that is ours alone.
        #expect(JSONReference.read(Array(text.utf8)) == nil || code == "number-too-long")
    }

    @Test(
        arguments: [
            ([0x22, 0xFF, 0x22], 1), ([0x22, 0xC0, 0x80, 0x22], 1), ([0x22, 0xC3, 0x22], 1),
            ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1),
            ([0x22, 0xE0, 0x80, 0x80, 0x22], 1), ([0x22, 0x61, 0x80, 0x22], 2),
            ([0x22, 0xF0, 0x9F, 0x8C], 1), ([0x31, 0x20, 0xFE], 2), ([0x5B, 0xF8, 0x5D], 1),
        ] as [([UInt8], Int)])
    func invalidUTF8IsRefused(bytes: [UInt8], position: Int) {
        let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: bytes) }
        #expect(error?.code == .invalidUTF8)
        #expect(error?.position == position)
    }

    @Test(arguments: [33, 10_000, 1_000_000])
    func deepNestingIsRefusedWithoutRecursion(depth: Int) {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text =
                String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
            let error = #expect(throws: JSONError.self) {
                try JSONDocument(parsing: Array(text.utf8))
            }
            #expect(error?.code == .nestingTooDeep)
            #expect(error?.position == 32 * open.utf8.count)
        }
    }

    @Test func theDepthAtTheLimitIsRead() throws {
        let text = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        let document = try JSONDocument(parsing: Array(text.utf8))
        #expect(document.kind(of: document.root) == .array)
        let deepest = JSONLimits(depthMax: 100_000)
        let long = String(repeating: "[", count: 1025) + String(repeating: "]", count: 1025)
        #expect(throws: JSONError.self) {
            try JSONDocument(parsing: Array(long.utf8), limits: deepest)
        }
        let shorter = Array(long.utf8.dropFirst().dropLast())
        #expect(throws: Never.self) { try JSONDocument(parsing: shorter, limits: deepest) }
    }

    @Test func tooManyValuesAreRefused() {
        let limits = JSONLimits(tokensMax: 4)
        #expect(throws: Never.self) {
            try JSONDocument(parsing: Array("[1,2,3]".utf8), limits: limits)
        }
        let error = #expect(throws: JSONError.self) {
            try JSONDocument(parsing: Array("[1,2,3,4]".utf8), limits: limits)
        }
        #expect(error?.code == .tooManyValues)
        #expect(error?.position == 7)
    }

    @Test func aDuplicateAmongManyKeysIsFoundWhereverItIs() throws {
        let keys = (0..<500).map { "\"key-\($0 * 7919 % 500)\":\($0)" }
        let unique = "{" + keys.joined(separator: ",") + "}"
        let document = try JSONDocument(parsing: Array(unique.utf8))
        #expect(document.members(of: document.root).count == 500)
        for place in [1, 17, 250, 499] {
            var twice = keys
            twice[place] = "\"key-\\u0030\":1"
            let text = "{" + twice.joined(separator: ",") + "}"
            let error = #expect(throws: JSONError.self) {
                try JSONDocument(parsing: Array(text.utf8))
            }
            #expect(error?.code == .duplicateKey)
        }
    }

    @Test func valuesAreAskedFor() throws {
        let json =
            #" {"n": null, "t":true,"f":false,"i":18446744073709551615,"d":-1.50,"s":"\u00e9","#
            + #""\u0061":[ 1 , {"x":[]} ],"o":{"k":18446744073709551616}} "#
        let document = try JSONDocument(parsing: Array(json.utf8))
        func member(_ name: String) throws -> JSONDocument.Node {
            try #require(document.member(name, of: document.root))
        }
        func text(of name: String) throws -> String {
            String(decoding: document.rawText(of: try member(name)), as: UTF8.self)
        }
        #expect(document.kind(of: document.root) == .object)
        #expect(try document.scalar(member("n")) == .null)
        #expect(try document.boolean(member("t")) == true)
        #expect(try document.boolean(member("f")) == false)
        #expect(try document.boolean(member("i")) == nil)
        #expect(try document.unsignedInteger(member("i")) == .max)
        #expect(try document.unsignedInteger(member("d")) == nil)
        #expect(try document.scalar(member("d")) == Scalar(kind: .number, text: "-1.50"))
        #expect(try document.scalar(member("t")) == .boolean(true))
        #expect(try document.string(member("s")) == "é")
        #expect(try document.string(member("t")) == nil)
        #expect(try text(of: "s") == #""\u00e9""#)
        #expect(try text(of: "a") == #"[ 1 , {"x":[]} ]"#)
        #expect(try document.scalar(member("a")) == nil)
        #expect(
            try document.elements(of: member("a")).map { document.kind(of: $0) } == [
                .number, .object,
            ])
        #expect(try document.elements(of: member("o")).isEmpty)
        #expect(try document.members(of: member("a")).isEmpty)
        let large = try #require(document.member("k", of: member("o")))
        #expect(document.unsignedInteger(large) == nil)
        #expect(document.member("k", of: document.root) == nil)
        #expect(document.member("k", of: large) == nil)
        #expect(
            document.members(of: document.root).map(\.key.string) == [
                "n", "t", "f", "i", "d", "s", "a", "o",
            ])
        #expect(document.bytes.count == json.utf8.count)
    }
}
