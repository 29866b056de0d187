package import LogFormat
import LogModel

/// Renders a record as the change that `livelog publish` would take again.
///
/// What follows from the instance by itself is left out: the key if it is the property `id`, and groups that are
/// scalar properties of the instance. Of a deletion the groups are those that the instance left.
package struct ChangeRenderer {
    private let hasMetadata: Bool

    /// Creates a renderer.
    ///
    /// - Parameter hasMetadata: whether offset, time and what else the log knows come first.
    package init(hasMetadata: Bool = false) {
        self.hasMetadata = hasMetadata
    }

    /// Appends one line.
    package func append(_ record: borrowing RecordView, to lines: inout [UInt8]) {
        if self.hasMetadata {
            var json = JSONLine()
            self.addMetadata(of: record, to: &json)
            lines.append(contentsOf: json.bytes)
            lines.append(UInt8(ascii: ","))
        } else {
            lines.append(UInt8(ascii: "{"))
        }
        lines.append(literal: "\"model\":")
        RecordRenderer.append(.string, record.model, to: &lines)
        lines.append(literal: ",\"action\":\"")
        lines.append(literal: record.action.name)
        lines.append(literal: "\",\"instance\":")
        let own = OwnProperties(record.instance)
        lines.append(span: record.instance)
        if !own.has("id", record.keyKind, record.key) {
            lines.append(literal: ",\"key\":")
            RecordRenderer.append(record.keyKind, record.key, to: &lines)
        }
        self.appendGroups(of: record, own, to: &lines)
        self.appendViews(of: record, to: &lines)
        lines.append(literal: "}\n")
    }

    private func addMetadata(of record: borrowing RecordView, to json: inout JSONLine) {
        json.add("offset", record.offset)
        json.add("time", RFC3339.text(ofRecord: record.time))
        json.add("firstOfBatch", record.isFirstOfBatch)
        json.add("lastOfBatch", record.isLastOfBatch)
        json.add("previousOfKey", record.previousOfKey)
        json.add("checksum", record.checksum)
        if let producer = record.producer {
            json.add("producer", producer.id.low.hexadecimal + producer.id.high.hexadecimal)
            json.add("sequence", producer.sequence)
        }
        var memberships: [JSONLine] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            if entry.isModelGroup { continue }
            var group = JSONLine()
            group.add(
                "property", String(decoding: record.property(of: entry).copy(), as: UTF8.self))
            group.add(
                "value",
                json: Self.json(
                    Scalar(kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy()))
                ))
            group.add("membership", "\(entry.membership)")
            memberships.append(group)
        }
        json.add("memberships", memberships)
    }

    private func appendGroups(
        of record: borrowing RecordView, _ own: borrowing OwnProperties, to json: inout [UInt8]
    ) {
        var isFirst = true
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            // What an instance left is not in the change, but for a deletion.
            if entry.isModelGroup || entry.membership == .left && record.action != .deleted {
                continue
            }
            let (property, value) = (record.property(of: entry), record.value(of: entry))
            if own.has(property, entry.valueKind, value) { continue }
            json.append(literal: isFirst ? ",\"groups\":{" : ",")
            isFirst = false
            RecordRenderer.append(.string, property, to: &json)
            json.append(UInt8(ascii: ":"))
            RecordRenderer.append(entry.valueKind, value, to: &json)
        }
        if !isFirst { json.append(UInt8(ascii: "}")) }
    }

    private func appendViews(of record: borrowing RecordView, to json: inout [UInt8]) {
        guard record.viewCount > 0 else { return }
        for index in 0..<record.viewCount {
            let view = record.view(index)
            json.append(literal: index == 0 ? ",\"views\":{" : ",")
            RecordRenderer.append(.string, record.name(of: view), to: &json)
            json.append(UInt8(ascii: ":"))
            json.append(span: record.json(of: view))
        }
        json.append(UInt8(ascii: "}"))
    }

    private static func json(_ scalar: Scalar) -> [UInt8] {
        var json: [UInt8] = []
        JSONText.append(scalar: scalar, to: &json)
        return json
    }
}

/// The properties of an instance that may be scalars.
private struct OwnProperties: ~Escapable {
    private let instance: Span<UInt8>
    private let members: [MinifiedJSON.Member]

    @_lifetime(copy instance)
    init(_ instance: RawSpan) {
        let bytes = Span<UInt8>(_bytes: instance)
        self.members = MinifiedJSON.members(of: bytes)
        self.instance = bytes
    }

    /// Whether the property `name` has the value of this kind and text.
    func has(_ name: StaticString, _ kind: Scalar.Kind, _ text: RawSpan) -> Bool {
        let name = Text(name.description)
        return self.has(name.bytes.span.bytes, kind, text)
    }

    /// Whether the property `name` has the value of this kind and text.
    func has(_ name: RawSpan, _ kind: Scalar.Kind, _ text: RawSpan) -> Bool {
        for member in self.members where self.isEqual(member.key, to: name) {
            let value = member.value
            let first = self.instance[value.lowerBound]
            switch kind {
            case .string:
                return first == UInt8(ascii: "\"")
                    && self.isEqual(value.lowerBound + 1..<value.upperBound - 1, to: text)
            case .null: return first == UInt8(ascii: "n")
            case .boolean, .number:
                return first != UInt8(ascii: "\"")
                    && self.instance.extracting(value).bytes.isEqual(to: text)
            }
        }
        return false
    }

    /// Whether the content of a string, which may have escapes, is `text`.
    private func isEqual(_ range: Range<Int>, to text: RawSpan) -> Bool {
        let content = self.instance.extracting(range)
        for index in content.indices where content[index] == UInt8(ascii: "\\") {
            var plain: [UInt8] = []
            JSONText.appendUnescaped(content, to: &plain)
            return plain.span.bytes.isEqual(to: text)
        }
        return content.bytes.isEqual(to: text)
    }
}
