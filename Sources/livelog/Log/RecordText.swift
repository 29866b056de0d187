import Debugging
import LogModel
import WireProtocol

/// How records, groups and properties are printed for people.
struct RecordText {
    private static let valueCharacterMax = 120

    private let style: Style

    init(_ style: Style = .output) {
        self.style = style
    }

    /// `12  2026-11-23T10:00:00Z  UPDATED  todolist.Task 7`
    func heading(_ record: RecordFacts) -> String {
        self.style.strong("\(record.offset)") + "  "
            + self.style.faint(RFC3339.text(ofRecord: record.time)) + "  "
            + self.action(record.action) + "  \(record.model) \(Self.json(record.key))"
    }

    /// `CREATED`, in the colour of what it did.
    func action(_ action: Action) -> String {
        switch action {
        case .created: self.style.added("\(action.name)")
        case .updated: self.style.changed("\(action.name)")
        case .deleted: self.style.removed("\(action.name)")
        }
    }

    /// A line for a property: what it was, and is.
    func line(_ change: PropertyChange) -> String {
        let name = change.property
        switch (change.before, change.after) {
        case (nil, let after?): return self.style.added("+ \(name): \(Self.short(after))")
        case (let before?, nil): return self.style.removed("- \(name): \(Self.short(before))")
        case (let before, let after):
            return self.style.changed(
                "~ \(name): \(Self.short(before ?? [])) -> \(Self.short(after ?? []))")
        }
    }

    /// `list_id=2, done=true`
    static func groups(_ groups: [GroupKey]) -> String {
        groups.map { "\($0.property)=\(self.json($0.value))" }.joined(separator: ", ")
    }

    /// A value as JSON text, cut if it is long.
    static func short(_ json: [UInt8]) -> String {
        let text = String(decoding: json, as: UTF8.self)
        return text.count > self.valueCharacterMax
            ? text.prefix(self.valueCharacterMax - 1) + "…" : text
    }

    /// A scalar as JSON text.
    static func json(_ scalar: Scalar) -> String {
        var json: [UInt8] = []
        JSONText.append(scalar: scalar, to: &json)
        return String(decoding: json, as: UTF8.self)
    }
}

extension JSONLine {
    /// Adds which record it is, when it was appended, and what was done.
    mutating func add(_ record: RecordFacts) {
        self.add("offset", record.offset)
        self.add("time", RFC3339.text(ofRecord: record.time))
        self.add("action", "\(record.action.name)")
    }

    /// Adds a scalar.
    mutating func add(_ name: String, _ scalar: Scalar) {
        self.add(name, json: RecordText.json(scalar).utf8)
    }

    /// Adds what changed: `[{"property":"done","before":false,"after":true}]`, `before` or `after` left out if there is no
    /// value.
    mutating func add(_ name: String, _ changes: [PropertyChange]) {
        self.add(
            name,
            changes.map { change in
                var json = JSONLine()
                json.add("property", change.property.string)
                if let before = change.before { json.add("before", json: before) }
                if let after = change.after { json.add("after", json: after) }
                return json
            })
    }

    /// Adds groups: `[{"property":"list_id","value":2}]`.
    mutating func add(_ name: String, _ groups: [GroupKey]) {
        self.add(
            name,
            groups.map { group in
                var json = JSONLine()
                json.add("property", group.property.string)
                json.add("value", group.value)
                return json
            })
    }
}
