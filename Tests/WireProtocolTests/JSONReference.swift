import LogModel
import WireProtocol

/// A JSON value with where it stands, for comparison.
struct ReferenceValue: Equatable {
    indirect enum Content: Equatable {
        case scalar(Scalar)
        case array([ReferenceValue])
        case object([Member])
    }

    struct Member: Equatable {
        let key: [UInt8]
        let value: ReferenceValue
    }

    let range: Range<Int>
    let content: Content
}

extension JSONDocument {
    /// The value of `node` with all that it holds.
    func value(_ node: Node) -> ReferenceValue {
        let content: ReferenceValue.Content
        if let scalar = self.scalar(node) {
            content = .scalar(scalar)
        } else if self.kind(of: node) == .array {
            content = .array(self.elements(of: node).map { self.value($0) })
        } else {
            content = .object(
                self.members(of: node).map {
                    ReferenceValue.Member(key: $0.key.bytes, value: self.value($0.value))
                })
        }
        return ReferenceValue(range: self.rawRange(of: node), content: content)
    }
}

/// Reads JSON by recursive descent, byte by byte, as RFC 8259 has the grammar: slow, small, and
/// independent of the scanner.
struct JSONReference {
    private let bytes: [UInt8]
    private var at = 0

    /// The value of a document, or nil if it is to be refused. Knows no limits.
    static func read(_ bytes: [UInt8]) -> ReferenceValue? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var reader = JSONReference(bytes: bytes)
        reader.skipSpace()
        guard let value = reader.value() else { return nil }
        reader.skipSpace()
        return reader.at == bytes.count ? value : nil
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { self.at < self.bytes.count ? self.bytes[self.at] : nil }

    private mutating func take(_ character: Character) -> Bool {
        guard self.next == character.asciiValue else { return false }
        self.at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = self.next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { self.at += 1 }
    }

    private mutating func value() -> ReferenceValue? {
        let start = self.at
        let content: ReferenceValue.Content?
        switch self.next.map({ Character(Unicode.Scalar($0)) }) {
        case "{": content = self.object()
        case "[": content = self.array()
        case "\"":
            content = self.string().map { .scalar(Scalar(kind: .string, text: Text(bytes: $0))) }
        case "t": content = self.literal("true", .boolean(true))
        case "f": content = self.literal("false", .boolean(false))
        case "n": content = self.literal("null", .null)
        default: content = self.number()
        }
        return content.map { ReferenceValue(range: start..<self.at, content: $0) }
    }

    private mutating func literal(_ text: String, _ scalar: Scalar) -> ReferenceValue.Content? {
        guard self.bytes[self.at...].starts(with: text.utf8) else { return nil }
        self.at += text.utf8.count
        return .scalar(scalar)
    }

    private mutating func array() -> ReferenceValue.Content? {
        self.at += 1
        self.skipSpace()
        if self.take("]") { return .array([]) }
        var elements: [ReferenceValue] = []
        while true {
            self.skipSpace()
            guard let element = self.value() else { return nil }
            elements.append(element)
            self.skipSpace()
            if self.take("]") { return .array(elements) }
            guard self.take(",") else { return nil }
        }
    }

    private mutating func object() -> ReferenceValue.Content? {
        self.at += 1
        self.skipSpace()
        if self.take("}") { return .object([]) }
        var members: [ReferenceValue.Member] = []
        while true {
            self.skipSpace()
            guard self.next == UInt8(ascii: "\""), let key = self.string() else { return nil }
            self.skipSpace()
            guard self.take(":") else { return nil }
            self.skipSpace()
            guard let value = self.value(), !members.contains(where: { $0.key == key }) else {
                return nil
            }
            members.append(ReferenceValue.Member(key: key, value: value))
            self.skipSpace()
            if self.take("}") { return .object(members) }
            guard self.take(",") else { return nil }
        }
    }

    private mutating func digits() -> Bool {
        let start = self.at
        while let byte = self.next, (0x30...0x39).contains(byte) { self.at += 1 }
        return self.at > start
    }

    private mutating func number() -> ReferenceValue.Content? {
        let start = self.at
        _ = self.take("-")
        if !self.take("0"), !self.digits() { return nil }
        if self.take("."), !self.digits() { return nil }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            if !self.digits() { return nil }
        }
        let text = Text(bytes: Array(self.bytes[start..<self.at]))
        guard let double = Double(text.string), double.isFinite else { return nil }
        return .scalar(Scalar(kind: .number, text: text))
    }

    private mutating func string() -> [UInt8]? {
        self.at += 1
        var content: [UInt8] = []
        while let byte = self.next {
            self.at += 1
            if byte == UInt8(ascii: "\"") { return content }
            guard byte >= 0x20 else { return nil }
            if byte != UInt8(ascii: "\\") {
                content.append(byte)
            } else if let scalar = self.escape() {
                content.append(contentsOf: Array(String(Character(scalar)).utf8))
            } else {
                return nil
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        let short: [Character: Unicode.Scalar] = [
            "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r",
            "t": "\t",
        ]
        guard let letter = self.next.map({ Character(Unicode.Scalar($0)) }) else { return nil }
        self.at += 1
        guard letter == "u" else { return short[letter] }
        guard let unit = self.hexadecimal() else { return nil }
        guard (0xD800..<0xDC00).contains(unit) else { return Unicode.Scalar(unit) }
        guard self.take("\\"), self.take("u"), let low = self.hexadecimal(),
            (0xDC00..<0xE000).contains(low)
        else { return nil }
        return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    }

    private mutating func hexadecimal() -> UInt32? {
        guard self.at + 4 <= self.bytes.count else { return nil }
        let digits = String(decoding: self.bytes[self.at..<self.at + 4], as: UTF8.self)
        guard digits.allSatisfy({ $0.isHexDigit && $0.isASCII }) else { return nil }
        self.at += 4
        return UInt32(digits, radix: 16)
    }
}
