package import LogFormat
package import LogModel

/// Renders a record for subscribers, each form once however many want it.
///
/// Lives on one event loop and holds the forms of one record at a time: the next record takes their place.
package struct RecordRenderer {
    private var offset: Offset?
    /// The `livelog.v1` forms by `SetChange`; empty if nobody wanted one yet.
    private var livelog1 = [[UInt8]](repeating: [], count: SetChange.allCases.count)
    /// Whether one of these forms is not empty.
    private var hasLivelog1 = false
    /// The rest-live 1 frame from behind the model up to the group's value; empty if nobody wanted it yet.
    private var restLive1: [UInt8] = []
    /// The same forms in views that do not show the instance as it is, as far as somebody wanted them.
    private var projected: [ProjectedForm] = []
    /// How many of `projected` are of the record; the others are kept for their memory.
    private var projectedCount = 0

    /// What is kept of a record in a view.
    private enum ProjectedKind: Equatable {
        /// The `livelog.v1` form, by what the record did to the set.
        case livelog1(SetChange)
        /// A rest-live 1 frame, as in `restLive1`.
        case restLive1
        /// The instance alone.
        case instance
    }

    private struct ProjectedForm {
        var view: UInt32
        var kind: ProjectedKind
        var bytes: [UInt8]
    }

    /// A model and a group's value, while a rest-live 1 frame is made: kept for their memory.
    private var model: [UInt8] = []
    private var value: [UInt8] = []

    /// Creates a renderer that holds nothing.
    package init() {}

    /// Appends the `livelog.v1` form of `record`:
    /// `{"offset":12,"action":"UPDATED","change":"entered","key":1,"instance":{…}}`.
    ///
    /// `left` has no instance: it is no longer the reader's to see.
    ///
    /// - Parameter view: what is seen of the instance.
    package mutating func appendLivelog1(
        _ record: borrowing RecordView, _ change: SetChange, _ view: View = .whole,
        to json: inout [UInt8]
    ) {
        self.begin(record)
        guard view.number == View.whole.number else {
            let place = self.projection(record, .livelog1(change), view)
            json.append(contentsOf: self.projected[place].bytes)
            return
        }
        let form = Int(change.rawValue)
        if self.livelog1[form].isEmpty {
            self.hasLivelog1 = true
            Self.renderLivelog1(record, change, view, to: &self.livelog1[form])
        }
        json.append(contentsOf: self.livelog1[form])
    }

    /// Appends the rest-live 1 frame of `record` for the subscribers of the group `entry`.
    ///
    /// - Parameter model: what they call the model, nil if that is its label.
    package mutating func appendRestLive1Frame(
        _ record: borrowing RecordView, _ entry: GroupEntry, _ view: View = .whole,
        model: Text? = nil, to bytes: inout [UInt8]
    ) {
        self.begin(record)
        self.model.removeAll(keepingCapacity: true)
        if let model {
            JSONText.append(string: model.bytes, to: &self.model)
        } else {
            Self.append(.string, record.model, to: &self.model)
        }
        self.value.removeAll(keepingCapacity: true)
        Self.append(entry.valueKind, record.value(of: entry), to: &self.value)
        guard view.number == View.whole.number else {
            let place = self.projection(record, .restLive1, view)
            self.append(frameAround: self.projected[place].bytes, to: &bytes)
            return
        }
        if self.restLive1.isEmpty { Self.renderRestLive1(record, view, to: &self.restLive1) }
        self.append(frameAround: self.restLive1, to: &bytes)
    }

    private func append(frameAround middle: [UInt8], to bytes: inout [UInt8]) {
        let start: StaticString = "{\"model\":"
        OutboundFrame.appendTextHeader(
            count: start.utf8CodeUnitCount + self.model.count + middle.count + self.value.count + 1,
            to: &bytes)
        bytes.append(literal: start)
        bytes.append(contentsOf: self.model)
        bytes.append(contentsOf: middle)
        bytes.append(contentsOf: self.value)
        bytes.append(UInt8(ascii: "}"))
    }

    /// Appends what `view` shows of the instance.
    mutating func appendInstance(
        _ record: borrowing RecordView, _ view: View, to json: inout [UInt8]
    ) {
        guard view.number != View.whole.number else {
            return ViewProjection.append(record, view, to: &json)
        }
        self.begin(record)
        let place = self.projection(record, .instance, view)
        json.append(contentsOf: self.projected[place].bytes)
    }

    /// The place in `projected` of a form in another view, which is made if it is not there.
    private mutating func projection(
        _ record: borrowing RecordView, _ kind: ProjectedKind, _ view: View
    ) -> Int {
        for place in 0..<self.projectedCount
        where self.projected[place].view == view.number && self.projected[place].kind == kind {
            return place
        }
        let place = self.projectedCount
        self.projectedCount += 1
        if place == self.projected.count {
            self.projected.append(ProjectedForm(view: view.number, kind: kind, bytes: []))
        } else {
            self.projected[place].view = view.number
            self.projected[place].kind = kind
            self.projected[place].bytes.removeAll(keepingCapacity: true)
        }
        switch kind {
        case .livelog1(let change):
            Self.renderLivelog1(record, change, view, to: &self.projected[place].bytes)
        case .restLive1: Self.renderRestLive1(record, view, to: &self.projected[place].bytes)
        case .instance: ViewProjection.append(record, view, to: &self.projected[place].bytes)
        }
        return place
    }

    private mutating func begin(_ record: borrowing RecordView) {
        guard self.offset != record.offset else { return }
        self.offset = record.offset
        self.projectedCount = 0
        if self.hasLivelog1 {
            for index in self.livelog1.indices {
                self.livelog1[index].removeAll(keepingCapacity: true)
            }
            self.hasLivelog1 = false
        }
        if !self.restLive1.isEmpty { self.restLive1.removeAll(keepingCapacity: true) }
    }

    private static func renderLivelog1(
        _ record: borrowing RecordView, _ change: SetChange, _ view: View, to json: inout [UInt8]
    ) {
        json.append(literal: "{\"offset\":")
        json.append(decimal: record.offset.rawValue)
        json.append(contentsOf: Self.middle(record.action, change))
        self.append(record.keyKind, record.key, to: &json)
        if change != .left {
            json.append(literal: ",\"instance\":")
            ViewProjection.append(record, view, to: &json)
        }
        json.append(literal: "}")
    }

    /// What stands between the offset and the key, by action and change: one piece instead of five.
    private static let middles = Action.allCases.flatMap { action in
        SetChange.allCases.map { change in
            var middle: [UInt8] = []
            middle.append(literal: ",\"action\":\"")
            middle.append(literal: action.name)
            middle.append(literal: "\",\"change\":\"")
            middle.append(literal: change.name)
            middle.append(literal: "\",\"key\":")
            return middle
        }
    }

    private static func middle(_ action: Action, _ change: SetChange) -> [UInt8] {
        let row = Int(action.rawValue - Action.created.rawValue)
        return Self.middles[row * SetChange.allCases.count + Int(change.rawValue)]
    }

    private static func renderRestLive1(
        _ record: borrowing RecordView, _ view: View, to json: inout [UInt8]
    ) {
        json.append(literal: ",\"instance\":")
        ViewProjection.append(record, view, inCamelCase: true, to: &json)
        json.append(literal: ",\"action\":\"")
        json.append(literal: record.action.name)
        json.append(literal: "\",\"group_key_value\":")
    }

    /// Appends a scalar of a record as JSON.
    static func append(_ kind: Scalar.Kind, _ text: RawSpan, to json: inout [UInt8]) {
        switch kind {
        case .null: json.append(literal: "null")
        case .string: json.append(quoting: text)
        case .number, .boolean: json.append(span: text)
        }
    }
}

extension [UInt8] {
    mutating func append(span: RawSpan) {
        // Raw memory: copied whole, within the call.
        span.withUnsafeBytes { self.append(contentsOf: $0) }
    }

    /// Appends text as a JSON string.
    fileprivate mutating func append(quoting text: RawSpan) {
        // Raw memory: read within the call.
        text.withUnsafeBytes { JSONText.append(string: $0, to: &self) }
    }
}
