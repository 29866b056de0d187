import LogFormat
import LogModel
import LogStorage
import WireProtocol

/// A line of a list of records: a record, or damage where some should be.
struct BrowserRow {
    /// What a list says of a record.
    struct Record {
        let time: Int64
        let action: Action
        let model: Text
        let key: Scalar
        /// Whether the list is a history, all of whose records are of this instance.
        let isStep: Bool
        /// The beginning of what it is about: the instance, or what changed.
        let excerpt: BrowserLine
    }

    /// What is there.
    enum Content {
        case record(Record)
        case damaged(String)
    }

    /// The bytes of an instance that are kept for a list.
    private static let excerptByteCount = 1 << 10

    /// The record, or the first one of the damage.
    let offset: Offset
    let content: Content

    /// The row for `record`, with what it changed since `before` if `isStep`.
    init(_ record: RecordFacts, since before: RecordFacts?, isStep: Bool) {
        var excerpt = BrowserLine()
        if isStep, record.action != .deleted {
            for change in record.properties.changes(from: before?.properties ?? .none) {
                if excerpt.width > Self.excerptByteCount { break }
                excerpt.add(change)
                excerpt.add("  ")
            }
            if excerpt.pieces.isEmpty { excerpt.add("no change", .faint) }
        } else {
            excerpt.add(
                String(decoding: record.instance.prefix(Self.excerptByteCount), as: UTF8.self))
        }
        self.offset = record.offset
        self.content = .record(
            Record(
                time: record.time, action: record.action, model: record.model, key: record.key,
                isStep: isStep, excerpt: excerpt))
    }

    /// The row for damage.
    init(_ error: StorageError, at offset: Offset) {
        self.offset = offset
        self.content = .damaged(error.description)
    }

    /// The row as a line, with offsets as wide as `offsetWidth`; less of it on a narrow screen.
    func line(width: Int, offsetWidth: Int, isSelected: Bool) -> BrowserLine {
        var line = BrowserLine(isSelected ? "> " : "  ")
        let number = self.offset.description
        line.add(
            String(repeating: " ", count: max(offsetWidth - number.utf8.count, 0)) + number,
            .strong)
        line.add(width < 60 ? " " : "  ")
        switch self.content {
        case .damaged(let text):
            line.add("DAMAGED ", .removed)
            line.add(text, .removed)
        case .record(let record):
            if width >= 80 { line.add(RFC3339.text(ofRecord: record.time) + "  ", .faint) }
            line.add(
                width < 60 ? record.action.sign + " " : "\(record.action.name)  ",
                record.action.style)
            if !record.isStep { line.add("\(record.model) \(record.key.json)  ") }
            for piece in record.excerpt.pieces { line.add(piece.text, piece.style) }
        }
        return isSelected ? line.filled(to: width, .selected) : line.cut(to: width)
    }
}

extension BrowserLine {
    private static let valueByteMax = 1 << 16

    /// A value as JSON text; of a very long one the beginning.
    static func text(_ json: [UInt8]) -> String {
        let text = String(decoding: json.prefix(self.valueByteMax), as: UTF8.self)
        let left = json.count - self.valueByteMax
        return left > 0 ? text + "… (\(left) bytes more)" : text
    }

    /// Adds what became of a property.
    mutating func add(_ change: PropertyChange) {
        switch (change.before, change.after) {
        case (nil, let after):
            self.add("+ \(change.property): \(Self.text(after ?? []))", .added)
        case (let before?, nil):
            self.add("- \(change.property): \(Self.text(before))", .removed)
        case (let before?, let after?):
            self.add(
                "~ \(change.property): \(Self.text(before)) -> \(Self.text(after))", .changed)
        }
    }
}

extension Action {
    /// How it stands out.
    var style: BrowserLine.Style {
        switch self {
        case .created: .added
        case .updated: .changed
        case .deleted: .removed
        }
    }

    /// What stands for it where there is no room.
    var sign: String {
        switch self {
        case .created: "+"
        case .updated: "~"
        case .deleted: "-"
        }
    }
}
