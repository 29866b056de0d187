/// The key style of django-rest-live's frames, that of djangorestframework-camel-case: in every object at every
/// depth an underscore before `a-z` or `0-9` goes, and the letter after it is made upper case.
///
/// `list_id` becomes `listId`, `_a` becomes `A`, `a__b` becomes `a_B`, `k_12` becomes `k12`, `a_` stays.
package enum CamelCase {
    /// Appends the minified, valid JSON `json` with its keys in camel case to `result`. Values, also strings
    /// that look like keys, stay as they are.
    package static func append(keysOf json: RawSpan, to result: inout [UInt8]) {
        let bytes = Span<UInt8>(_bytes: json)
        result.reserveCapacity(result.count + bytes.count)
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "\"") else {
                result.append(bytes[at])
                at += 1
                continue
            }
            let end = self.endOfString(in: bytes, from: at)
            // In minified JSON a key, and nothing else, is a string before a colon.
            if end < bytes.count && bytes[end] == UInt8(ascii: ":") {
                self.append(key: bytes.extracting(at..<end), to: &result)
            } else {
                for index in at..<end { result.append(bytes[index]) }
            }
            at = end
        }
    }

    private static func endOfString(in bytes: borrowing Span<UInt8>, from start: Int) -> Int {
        var at = start + 1
        while bytes[at] != UInt8(ascii: "\"") {
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return at + 1
    }

    private static func append(key: borrowing Span<UInt8>, to result: inout [UInt8]) {
        guard self.hasEscape(key) else { return self.append(plain: key, to: &result) }
        // The original reads the JSON before it renames: an escaped underscore is one.
        var content: [UInt8] = []
        JSONText.appendUnescaped(key.extracting(1..<key.count - 1), to: &content)
        var renamed: [UInt8] = []
        self.append(plain: content.span, to: &renamed)
        JSONText.append(string: renamed, to: &result)
    }

    private static func hasEscape(_ key: borrowing Span<UInt8>) -> Bool {
        for index in key.indices where key[index] == UInt8(ascii: "\\") { return true }
        return false
    }

    private static func append(plain key: borrowing Span<UInt8>, to result: inout [UInt8]) {
        var at = 0
        while at < key.count {
            let isDropped =
                key[at] == UInt8(ascii: "_") && at + 1 < key.count && self.isWord(key[at + 1])
            if isDropped {
                at += 1
                result.append(self.upper(key[at]))
            } else {
                result.append(key[at])
            }
            at += 1
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func upper(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "a") ? byte - 32 : byte
    }
}
