import LogModel
import Testing

struct TextTests {
    @Test func formsOfUnicodeAreApart() {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        #expect(composed == decomposed, "as strings they are equal, which is why Text exists")
        #expect(Text(composed) != Text(decomposed))
        #expect(Set([Text(composed), Text(decomposed)]).count == 2)
    }

    @Test func equalBytesAreEqualText() {
        #expect(Text("café") == Text(bytes: Array("café".utf8)))
        #expect(Text("café").hashValue == Text(bytes: Array("café".utf8)).hashValue)
        #expect(Text("a") != Text("A"))
        #expect(Text("") == Text(bytes: []))
    }

    @Test(arguments: ["", "todolist.Task", "日本語", "👩‍👩‍👧", "a\u{0}b"])
    func aStringComesBack(string: String) {
        #expect(Array(Text(string).string.utf8) == Array(string.utf8))
        #expect("\(Text(string))" == string)
    }
}
