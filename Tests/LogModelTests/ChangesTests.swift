import LogModel
import Testing

struct ChangesTests {
    @Test func addedBytesAreFoundAgain() {
        var changes = Changes(text: Array("before".utf8))
        let first = changes.add(Array("one".utf8))
        let second = changes.add(Array("two".utf8))
        #expect(changes.copy(first) == "one")
        #expect(changes.copy(second) == "two")
        #expect(first.range == 6..<9)
        #expect(second.range == 9..<12)
        #expect(changes.copy(.empty) == "")
    }

    @Test func aSliceBeyondTheTextTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = Changes(text: [1, 2, 3]).copy(Changes.Slice(start: 2, count: 2))
        }
    }
}
