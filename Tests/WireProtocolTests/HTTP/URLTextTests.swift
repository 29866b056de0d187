import TestSupport
import Testing
import WireProtocol

@Suite struct URLTextTests {
    @Test(arguments: [
        ("", [:]), ("a=1", ["a": "1"]), ("a=1&b=2", ["a": "1", "b": "2"]),
        ("a", ["a": ""]), ("a=", ["a": ""]), ("=1", ["": "1"]), ("a==1", ["a": "=1"]),
        ("a=b%3Dc%26d", ["a": "b=c&d"]), ("a=b+c", ["a": "b c"]), ("a=b%2Bc", ["a": "b+c"]),
        ("a=%C3%A9", ["a": "é"]), ("%61=1", ["a": "1"]), ("&a=1&&", ["a": "1"]),
    ])
    func queriesAreRead(query: String, parameters: [String: String]) throws {
        let found = try #require(URLText.parameters(ofQuery: query))
        #expect(Dictionary(found.map { ($0.name, $0.value) }) { $1 } == parameters)
        #expect(found.count == parameters.count)
    }

    @Test(arguments: ["a=%", "a=%4", "a=%4g", "a=%zz", "%=1", "a=%ff", "a=%C3", "a=%ED%A0%80"])
    func whatIsNoTextIsRefused(query: String) {
        #expect(URLText.parameters(ofQuery: query) == nil)
        #expect(URLText.parts(ofPath: "/v1/\(query)") == nil)
    }

    @Test(arguments: [
        ("/v1/models/m", ["v1", "models", "m"]), ("/", [""]), ("/a/", ["a", ""]),
        ("/a%2Fb/c", ["a/b", "c"]), ("/a+b", ["a+b"]), ("/%C3%A9", ["é"]),
    ])
    func pathsAreReadInParts(path: String, parts: [String]) {
        #expect(URLText.parts(ofPath: path) == parts)
    }

    @Test func whatIsWrittenReadsBack() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let texts = (0..<4).map { _ in
                String(decoding: random.bytes(random.below(20)), as: UTF8.self)
            }
            let query = URLText.query([(texts[0], texts[1]), (texts[2], texts[3])])
            #expect(query.utf8.allSatisfy { (33...126).contains($0) })
            let found = try #require(URLText.parameters(ofQuery: query))
            #expect(found.flatMap { [$0.name, $0.value] } == texts)
            #expect(URLText.parts(ofPath: "/" + URLText.encoded(texts[0])) == [texts[0]])
        }
    }
}
