package import LogFormat
package import LogModel

/// Renders a record for subscribers, each form once however many want it.
///
/// Lives on one event loop and holds the forms of one record at a time: the next record takes their place.
package struct RecordRenderer {
    /// What happened to a subscription's set of instances (`livelog.v1`).
    package enum Change: Int, Sendable, CaseIterable {
        case entered, updated, left, deleted

        /// What `membership` in a record of `action` means to a subscriber of the group.
        package init(_ membership: Membership, action: Action) {
            switch (membership, action) {
            case (.left, .deleted): self = .deleted
            case (.left, _): self = .left
            case (.entered, _): self = .entered
            case (.stayed, _): self = .updated
            }
        }

        var name: StaticString {
            switch self {
            case .entered: "entered"
            case .updated: "updated"
            case .left: "left"
            case .deleted: "deleted"
            }
        }
    }

    private var offset: Offset?
    /// The `livelog.v1` forms by `Change`; empty if nobody wanted one yet.
    private var livelog1 = [[UInt8]](repeating: [], count: Change.allCases.count)
    /// The rest-live 1 frame up to the group's value; empty if nobody wanted it yet.
    private var restLive1: [UInt8] = []

    /// Creates a renderer that holds nothing.
    package init() {}

    /// Appends the `livelog.v1` form of `record`:
    /// `{"offset":12,"action":"UPDATED","change":"entered","key":1,"instance":{…}}`.
    ///
    /// `left` has no instance: it is no longer the reader's to see.
    package mutating func appendLivelog1(
        _ record: borrowing RecordView, _ change: Change, to json: inout [UInt8]
    ) {
        self.begin(record)
        if self.livelog1[change.rawValue].isEmpty {
            Self.renderLivelog1(record, change, to: &self.livelog1[change.rawValue])
        }
        json.append(contentsOf: self.livelog1[change.rawValue])
    }

    /// Appends the rest-live 1 frame of `record` for the subscribers of the group `entry`.
    package mutating func appendRestLive1Frame(
        _ record: borrowing RecordView, _ entry: GroupEntry, to bytes: inout [UInt8]
    ) {
        self.begin(record)
        if self.restLive1.isEmpty { Self.renderRestLive1(record, to: &self.restLive1) }
        var value: [UInt8] = []
        Self.append(entry.valueKind, record.value(of: entry), to: &value)
        OutboundFrame.appendTextHeader(
            count: self.restLive1.count + value.count + 1, to: &bytes)
        bytes.append(contentsOf: self.restLive1)
        bytes.append(contentsOf: value)
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func begin(_ record: borrowing RecordView) {
        guard self.offset != record.offset else { return }
        self.offset = record.offset
        for index in self.livelog1.indices { self.livelog1[index].removeAll(keepingCapacity: true) }
        self.restLive1.removeAll(keepingCapacity: true)
    }

    private static func renderLivelog1(
        _ record: borrowing RecordView, _ change: Change, to json: inout [UInt8]
    ) {
        json.append(text: "{\"offset\":")
        json.append(decimal: record.offset.rawValue)
        json.append(text: ",\"action\":\"")
        json.append(text: record.action.name)
        json.append(text: "\",\"change\":\"")
        json.append(text: change.name)
        json.append(text: "\",\"key\":")
        self.append(record.keyKind, record.key, to: &json)
        if change != .left {
            json.append(text: ",\"instance\":")
            json.append(span: record.instance)
        }
        json.append(text: "}")
    }

    private static func renderRestLive1(
        _ record: borrowing RecordView, to json: inout [UInt8]
    ) {
        json.append(text: "{\"model\":")
        self.append(.string, record.model, to: &json)
        json.append(text: ",\"instance\":")
        CamelCase.append(keysOf: record.instance, to: &json)
        json.append(text: ",\"action\":\"")
        json.append(text: record.action.name)
        json.append(text: "\",\"group_key_value\":")
    }

    private static func append(_ kind: Scalar.Kind, _ text: RawSpan, to json: inout [UInt8]) {
        switch kind {
        case .null: json.append(text: "null")
        case .string: JSONText.append(string: text.copy(), to: &json)
        case .number, .boolean: json.append(span: text)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(text: StaticString) {
        text.withUTF8Buffer { self.append(contentsOf: $0) }
    }

    fileprivate mutating func append(span: RawSpan) {
        // Raw memory: copied whole, within the call.
        span.withUnsafeBytes { self.append(contentsOf: $0) }
    }

    fileprivate mutating func append(decimal number: UInt64) {
        self.append(contentsOf: String(number).utf8)
    }
}
