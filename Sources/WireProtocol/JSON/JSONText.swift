import CJSON
package import LogModel

/// Writing JSON, and rewriting JSON that was read before.
package enum JSONText {
    /// Appends `content`, which is valid UTF-8, as a JSON string: quotes, backslashes and control
    /// characters are escaped, and nothing else.
    package static func append(string content: some Collection<UInt8>, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        for byte in content {
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                json.append(byte)
            } else {
                Self.append(escaped: byte, to: &json)
            }
        }
        json.append(UInt8(ascii: "\""))
    }

    /// Appends `content` as a JSON string.
    package static func append(string content: String, to json: inout [UInt8]) {
        Self.append(string: content.utf8, to: &json)
    }

    /// Appends a scalar as JSON: numbers and booleans with the text that they came with.
    package static func append(scalar: Scalar, to json: inout [UInt8]) {
        switch scalar.kind {
        case .null: json.append(contentsOf: "null".utf8)
        case .string: Self.append(string: scalar.text.bytes, to: &json)
        case .number, .boolean: json.append(contentsOf: scalar.text.bytes)
        }
    }

    /// A value that was read, without whitespace outside its strings. Nothing else changes.
    package static func minified(_ json: ArraySlice<UInt8>) -> [UInt8] {
        var minified: [UInt8] = []
        Self.appendMinified(json.span, to: &minified)
        return minified
    }

    /// The content of a string that was read, given without quotes, without escapes.
    package static func unescaped(_ content: ArraySlice<UInt8>) -> [UInt8] {
        var unescaped: [UInt8] = []
        Self.appendUnescaped(content.span, to: &unescaped)
        return unescaped
    }

    static func appendMinified(_ json: Span<UInt8>, to target: inout [UInt8]) {
        Self.append(json, to: &target, by: livelog_json_minify)
    }

    static func appendUnescaped(_ content: Span<UInt8>, to target: inout [UInt8]) {
        Self.append(content, to: &target, by: livelog_json_unescape)
    }

    /// Appends what `rewrite` makes of `text`: it writes at most as many bytes as it reads.
    private static func append(
        _ text: Span<UInt8>, to target: inout [UInt8],
        by rewrite: (UnsafePointer<UInt8>?, UInt32, UnsafeMutablePointer<UInt8>?) -> UInt32
    ) {
        target.append(addingCapacity: text.count) { output in
            // Raw memory: C reads `text` and fills the room that was made, within the call.
            output.withUnsafeMutableBufferPointer { target, count in
                count = text.withUnsafeBufferPointer { source in
                    Int(rewrite(source.baseAddress, UInt32(source.count), target.baseAddress))
                }
            }
        }
    }

    private static func append(escaped byte: UInt8, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): json.append(byte)
        case 0x08: json.append(UInt8(ascii: "b"))
        case 0x09: json.append(UInt8(ascii: "t"))
        case 0x0A: json.append(UInt8(ascii: "n"))
        case 0x0C: json.append(UInt8(ascii: "f"))
        case 0x0D: json.append(UInt8(ascii: "r"))
        default:
            let digits = Array("0123456789abcdef".utf8)
            json.append(contentsOf: "u00".utf8)
            json.append(digits[Int(byte >> 4)])
            json.append(digits[Int(byte & 15)])
        }
    }
}
