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
        var json = JSONLine()
        if self.hasMetadata { self.addMetadata(of: record, to: &json) }
        json.add("model", String(decoding: record.model.copy(), as: UTF8.self))
        json.add("action", "\(record.action.name)")
        let instance = record.instance.copy()
        json.add("instance", json: instance)
        let own = OwnProperties(instance)
        let key = Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy()))
        if own?.id != key { json.add("key", json: Self.json(key)) }
        self.addGroups(of: record, own, to: &json)
        self.addViews(of: record, to: &json)
        lines += json.line
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

    private func addGroups(
        of record: borrowing RecordView, _ own: OwnProperties?, to json: inout JSONLine
    ) {
        var groups = JSONLine()
        var isEmpty = true
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            // What an instance left is not in the change, but for a deletion.
            if entry.isModelGroup || entry.membership == .left && record.action != .deleted {
                continue
            }
            let property = Text(bytes: record.property(of: entry).copy())
            let value = Scalar(
                kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy()))
            if own?.scalars[property] == value { continue }
            groups.add(property.string, json: Self.json(value))
            isEmpty = false
        }
        if !isEmpty { json.add("groups", json: groups.text.utf8) }
    }

    private func addViews(of record: borrowing RecordView, to json: inout JSONLine) {
        guard record.viewCount > 0 else { return }
        var views = JSONLine()
        for index in 0..<record.viewCount {
            let view = record.view(index)
            views.add(
                String(decoding: record.name(of: view).copy(), as: UTF8.self),
                json: record.json(of: view).copy())
        }
        json.add("views", json: views.text.utf8)
    }

    private static func json(_ scalar: Scalar) -> [UInt8] {
        var json: [UInt8] = []
        JSONText.append(scalar: scalar, to: &json)
        return json
    }
}

/// The scalar properties of an instance.
private struct OwnProperties {
    private(set) var scalars: [Text: Scalar] = [:]

    /// The property `id`.
    var id: Scalar? { self.scalars["id"] }

    /// Nil if the instance is not a JSON object.
    init?(_ instance: [UInt8]) {
        guard let document = try? JSONDocument(parsing: instance) else { return nil }
        for member in document.members(of: document.root) {
            self.scalars[member.key] = document.scalar(member.value)
        }
    }
}
