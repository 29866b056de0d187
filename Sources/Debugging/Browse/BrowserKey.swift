/// What somebody presses in a ``Browser``.
package enum BrowserKey: Hashable, Sendable {
    case up, down, left, right, pageUp, pageDown, home, end, enter, escape, backspace
    /// Anything that is typed.
    case character(Unicode.Scalar)
}

/// Makes keys of what a terminal sends, which arrives in pieces that need not end where a key does.
package struct BrowserKeyReader {
    /// Longer sequences are no key: what is there of them is thrown away.
    private static let sequenceByteMax = 32
    private var pending: [UInt8] = []

    /// Creates a reader at the beginning of a key.
    package init() {}

    /// Whether more bytes may make another key of what came last. Whoever waits long enough for them calls ``flush()``.
    package var isWaiting: Bool { !self.pending.isEmpty }

    /// The keys that are complete with `bytes`.
    package mutating func add(_ bytes: some Sequence<UInt8>) -> [BrowserKey] {
        self.pending.append(contentsOf: bytes)
        var keys: [BrowserKey] = []
        while let (count, key) = Self.next(self.pending[...]) {
            self.pending.removeFirst(count)
            if let key { keys.append(key) }
        }
        if self.pending.count > Self.sequenceByteMax { self.pending = [] }
        return keys
    }

    /// What came last, as the key that it is if nothing follows.
    package mutating func flush() -> [BrowserKey] {
        defer { self.pending = [] }
        return self.pending.first == Self.escape ? [.escape] : []
    }

    private static let escape: UInt8 = 0x1B

    /// How many bytes the next key takes, and which it is if it is one that anybody knows. Nil if it is not complete.
    private static func next(_ bytes: ArraySlice<UInt8>) -> (Int, BrowserKey?)? {
        guard let first = bytes.first else { return nil }
        switch first {
        case self.escape: return self.sequence(bytes)
        case 0x0A, 0x0D: return (1, .enter)
        case 0x08, 0x7F: return (1, .backspace)
        case 0x02: return (1, .pageUp)
        case 0x06: return (1, .pageDown)
        case 0..<0x20: return (1, nil)
        case 0x20..<0x80: return (1, .character(Unicode.Scalar(first)))
        default: return self.scalar(bytes, first)
        }
    }

    private static func scalar(
        _ bytes: ArraySlice<UInt8>, _ first: UInt8
    ) -> (Int, BrowserKey?)? {
        let count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1
        if count == 1 { return (1, nil) }
        let known = bytes.prefix(count)
        guard known.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) else { return (1, nil) }
        guard known.count == count else { return nil }
        let scalar = String(decoding: known, as: UTF8.self).unicodeScalars.first
        return (count, scalar.map { .character($0) })
    }

    /// A key whose bytes begin with the one of Esc.
    private static func sequence(_ bytes: ArraySlice<UInt8>) -> (Int, BrowserKey?)? {
        let rest = bytes.dropFirst()
        guard let kind = rest.first else { return nil }
        switch kind {
        case UInt8(ascii: "["):
            let parameters = rest.dropFirst().prefix { 0x20...0x3F ~= $0 }
            guard let final = rest.dropFirst(1 + parameters.count).first else { return nil }
            return (3 + parameters.count, self.key(final, parameters))
        case UInt8(ascii: "O"):
            guard let final = rest.dropFirst().first else { return nil }
            return (3, self.key(final, []))
        default:
            return (1, .escape)
        }
    }

    private static func key(_ final: UInt8, _ parameters: ArraySlice<UInt8>) -> BrowserKey? {
        switch Unicode.Scalar(final) {
        case "A": return .up
        case "B": return .down
        case "C": return .right
        case "D": return .left
        case "H": return .home
        case "F": return .end
        case "M": return .enter
        case "~":
            switch String(decoding: parameters.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self) {
            case "1", "7": return .home
            case "4", "8": return .end
            case "5": return .pageUp
            case "6": return .pageDown
            default: return nil
            }
        default: return nil
        }
    }
}
