import LogModel
import Testing
import WireProtocol

struct JSONTextTests {
    @Test(arguments: [
        ("", "\"\""),
        ("plain", "\"plain\""),
        ("say \"hi\" \\ bye", "\"say \\\"hi\\\" \\\\ bye\""),
        ("\u{8}\t\n\u{C}\r", "\"\\b\\t\\n\\f\\r\""),
        ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""),
        ("é€🌍/", "\"é€🌍/\""),
    ])
    func stringsAreEscapedMinimallyAndReadBack(content: String, json: String) throws {
        var written: [UInt8] = []
        JSONText.append(string: content, to: &written)
        #expect(String(decoding: written, as: UTF8.self) == json)
        let document = try JSONDocument(parsing: written)
        #expect(document.stringBytes(document.root) == Array(content.utf8))
    }

    @Test(arguments: [
        (Scalar.null, "null"),
        (Scalar.boolean(true), "true"),
        (Scalar(kind: .number, text: "1.50e+3"), "1.50e+3"),
        (Scalar.string("a\"b"), "\"a\\\"b\""),
    ])
    func scalarsKeepTheirText(scalar: Scalar, json: String) throws {
        var written: [UInt8] = []
        JSONText.append(scalar: scalar, to: &written)
        #expect(String(decoding: written, as: UTF8.self) == json)
        let document = try JSONDocument(parsing: written)
        #expect(document.scalar(document.root) == scalar)
    }

    @Test func minifyingLeavesStringsAlone() {
        let json = " { \"a b\" :\t[ 1 , \"x \\\" y \\\\\" , \r\n {} ] } "
        let minified = JSONText.minified(Array(json.utf8)[...])
        #expect(String(decoding: minified, as: UTF8.self) == #"{"a b":[1,"x \" y \\",{}]}"#)
    }
}
