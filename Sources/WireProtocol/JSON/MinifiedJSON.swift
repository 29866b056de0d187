/// Finding one's way in JSON that is known to be valid and minified, as everything is that records carry.
enum MinifiedJSON {
    /// A member of an object.
    struct Member {
        /// Where the key's content is, without its quotes.
        let key: Range<Int>
        /// Where the value is.
        let value: Range<Int>
    }

    /// The members of the object that is all of `bytes`; none if it is something else.
    static func members(of bytes: borrowing Span<UInt8>) -> [Member] {
        guard bytes.count > 2, bytes[0] == UInt8(ascii: "{") else { return [] }
        var members: [Member] = []
        members.reserveCapacity(8)
        var at = 1
        while at < bytes.count - 1 {
            let colon = self.endOfString(bytes, from: at)
            let end = self.endOfValue(bytes, from: colon + 1)
            members.append(Member(key: at + 1..<colon - 1, value: colon + 1..<end))
            // Over the comma, or the brace that ends the object.
            at = end + 1
        }
        return members
    }

    /// The place after the string that begins at `start`.
    static func endOfString(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int {
        var at = start + 1
        while bytes[at] != UInt8(ascii: "\"") {
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return at + 1
    }

    /// The place after the value that begins at `start`: that of a comma or of the brace that ends the object.
    static func endOfValue(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int {
        var depth = 0
        var at = start
        while true {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at = self.endOfString(bytes, from: at)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return at }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0: return at
            default: break
            }
            at += 1
        }
    }
}
