import CJSON

/// The tokens of some changes, and the bytes that they are tokens of. Valid only while it is lent.
struct ChangeSource: ~Escapable {
    typealias Token = livelog_json_token

    let tokens: Span<Token>
    /// The whole body and its padding.
    let text: Span<UInt8>
    /// Where in `text` the positions of tokens are counted from.
    let base: Int

    @_lifetime(copy tokens, copy text)
    init(tokens: Span<Token>, text: Span<UInt8>, base: Int) {
        self.tokens = tokens
        self.text = text
        self.base = base
    }

    /// Where in `text` the content of a token is.
    @inline(__always)
    func range(of token: Token) -> Range<Int> {
        let start = self.base + Int(token.start)
        return Range(uncheckedBounds: (start, start + Int(token.length)))
    }

    /// The content of a key or string of at most eight bytes as a little-endian number, so that names
    /// are compared at once; nil if it is longer or has escapes.
    @inline(__always)
    func word(of token: Token) -> UInt64? {
        guard token.length <= 8, token.escaped == 0 else { return nil }
        let loaded = self.text.bytes.unsafeLoadUnaligned(
            fromByteOffset: self.base + Int(token.start), as: UInt64.self)
        let unused = 64 - 8 * UInt64(token.length)
        return UInt64(littleEndian: loaded) & (~0 &>> unused) & (token.length == 0 ? 0 : ~0)
    }

    /// Whether DEL is among the bytes of a token. Looks at eight of them at a time.
    @inline(__always)
    func hasDelete(_ token: Token) -> Bool {
        let each: UInt64 = 0x0101_0101_0101_0101
        var position = self.base + Int(token.start)
        var left = Int(token.length)
        while left > 0 {
            var word = self.text.bytes.unsafeLoadUnaligned(
                fromByteOffset: position, as: UInt64.self
            ).littleEndian
            if left < 8 { word &= ~0 &>> UInt64(64 - 8 * left) }
            // A byte becomes zero if it is DEL, and then its upper bit is set.
            let difference = word ^ (0x7F * each)
            if (difference &- each) & ~difference & (0x80 * each) != 0 { return true }
            position += 8
            left -= 8
        }
        return false
    }

    /// The content of a key or string, without escapes, for messages.
    func string(of token: Token) -> String {
        let bytes = self.range(of: token).map { self.text[$0] }
        let content = token.escaped == 0 ? bytes : JSONText.unescaped(bytes[...])
        return String(decoding: content, as: UTF8.self)
    }
}

extension UInt64 {
    /// A name of at most eight ASCII characters as ``ChangeSource/word(of:)`` gives it.
    @inline(__always)
    init(word name: StaticString) {
        precondition(name.utf8CodeUnitCount <= 8, "\(name) has more than eight bytes")
        self = 0
        for index in 0..<name.utf8CodeUnitCount {
            self |= UInt64(name.utf8Start[index]) << UInt64(8 * index)
        }
    }
}
