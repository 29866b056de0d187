import Debugging
import TestSupport
import Testing

/// Keys as terminals send them.
@Suite struct BrowserKeyTests {
    private static let table: [(String, [BrowserKey])] = [
        ("j", [.character("j")]), ("é€😀", [.character("é"), .character("€"), .character("😀")]),
        ("\u{1B}[A\u{1B}[B", [.up, .down]), ("\u{1B}OC\u{1B}OD", [.right, .left]),
        ("\u{1B}[5~\u{1B}[6~", [.pageUp, .pageDown]), ("\u{1B}[1~\u{1B}[4~", [.home, .end]),
        ("\u{1B}[H\u{1B}OF", [.home, .end]), ("\r\n", [.enter, .enter]),
        ("\u{7F}\u{8}", [.backspace, .backspace]), ("\u{1B}[1;5A", [.up]),
        ("\u{1B}[200~x", [.character("x")]), ("\u{1B}\u{1B}[A", [.escape, .up]),
        ("\u{1B}x", [.escape, .character("x")]), ("\u{1}", []),
    ]

    @Test(arguments: table)
    func keysAreReadWhateverThePieces(_ text: String, _ expected: [BrowserKey]) {
        var whole = BrowserKeyReader()
        #expect(whole.add(text.utf8) == expected && !whole.isWaiting)
        var pieces = BrowserKeyReader()
        #expect(text.utf8.flatMap { pieces.add([$0]) } == expected && !pieces.isWaiting)
    }

    @Test func anEscAloneIsAKeyOnceNothingFollows() {
        var reader = BrowserKeyReader()
        #expect(reader.add([0x1B]).isEmpty && reader.isWaiting)
        #expect(reader.flush() == [.escape] && !reader.isWaiting)
        #expect(reader.add([0xC3]).isEmpty && reader.flush().isEmpty)
    }

    @Test(arguments: 0..<20)
    func anyBytesAreReadToTheirEnd(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var reader = BrowserKeyReader()
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<9, using: &random)
            _ = reader.add((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            _ = reader.add([0x1B, 0x5B])
        }
        _ = reader.flush()
        #expect(reader.add("q".utf8) == [.character("q")])
    }
}
