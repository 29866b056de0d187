import LogFormat
import LogModel

/// What a view shows of a record's instance, made in one pass over the JSON that the record carries.
///
/// That JSON is valid and minified, as everything is that the log has.
enum ViewProjection {
    /// Appends what `view` shows, as a JSON object; `null` if it shows a rendering that the record does not carry.
    static func append(
        _ record: borrowing RecordView, _ view: View, inCamelCase: Bool = false,
        to json: inout [UInt8]
    ) {
        let isRenamed = inCamelCase || view.usesCamelCase
        guard let rendering = view.rendering else {
            return self.append(record.instance, view.fields, isRenamed, to: &json)
        }
        for index in 0..<record.viewCount {
            let entry = record.view(index)
            guard record.name(of: entry).isEqual(to: rendering.bytes.span.bytes) else { continue }
            return self.append(record.json(of: entry), view.fields, isRenamed, to: &json)
        }
        json.append(literal: "null")
    }

    /// Appends the members of `object` that `fields` names, in their order; all if it is nil.
    private static func append(
        _ object: RawSpan, _ fields: [Text]?, _ isRenamed: Bool, to json: inout [UInt8]
    ) {
        guard let fields else {
            if isRenamed {
                CamelCase.append(keysOf: object, to: &json)
            } else {
                json.append(span: object)
            }
            return
        }
        guard isRenamed else { return self.append(fields, of: object, to: &json) }
        var shown: [UInt8] = []
        self.append(fields, of: object, to: &shown)
        CamelCase.append(keysOf: shown.span.bytes, to: &json)
    }

    /// A rendering may be something else than an object: then no field of it is shown.
    private static func append(_ fields: [Text], of object: RawSpan, to json: inout [UInt8]) {
        let bytes = Span<UInt8>(_bytes: object)
        json.append(UInt8(ascii: "{"))
        defer { json.append(UInt8(ascii: "}")) }
        guard bytes.count > 2, bytes[0] == UInt8(ascii: "{") else { return }
        var isFirst = true
        var at = 1
        while at < bytes.count - 1 {
            let key = at
            let colon = MinifiedJSON.endOfString(bytes, from: key)
            let end = MinifiedJSON.endOfValue(bytes, from: colon + 1)
            if self.isShown(bytes.extracting(key..<colon), fields) {
                if !isFirst { json.append(UInt8(ascii: ",")) }
                isFirst = false
                json.append(span: object.extracting(key..<end))
            }
            // Over the comma, or the brace that ends the object.
            at = end + 1
        }
    }

    /// Whether the key, with its quotes, is one of `fields`.
    private static func isShown(_ key: borrowing Span<UInt8>, _ fields: [Text]) -> Bool {
        let content = key.extracting(1..<key.count - 1)
        var isEscaped = false
        for index in content.indices where content[index] == UInt8(ascii: "\\") {
            isEscaped = true
        }
        guard isEscaped else { return fields.contains { $0.isEqual(to: content.bytes) } }
        var plain: [UInt8] = []
        JSONText.appendUnescaped(content, to: &plain)
        return fields.contains { $0.bytes == plain }
    }
}

extension Text {
    fileprivate func isEqual(to other: RawSpan) -> Bool {
        self.bytes.span.bytes.isEqual(to: other)
    }
}
