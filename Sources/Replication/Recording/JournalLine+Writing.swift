import Access
import LogModel
import WireProtocol

extension JournalLine {
    /// The line as JSON, with its end.
    package var bytes: [UInt8] {
        var json = JSONLine()
        switch self {
        case .header(let header):
            json.add("journal", JournalHeader.name)
            json.add("version", JournalHeader.version)
            json.add("log", header.log)
            json.add("run", header.run.hexadecimal)
            json.add("file", header.file)
            json.add("time", RFC3339.text(header.time))
            json.add("end", header.end)
        case .entry(let entry):
            json.add("session", entry.session)
            entry.event.add(to: &json)
        case .lost(let count, let sessions):
            json.add("lost", count)
            json.add("sessions", json: "[\(sessions.map(String.init).joined(separator: ","))]".utf8)
        }
        return json.line
    }
}

extension SessionEntry.Event {
    fileprivate func add(to json: inout JSONLine) {
        switch self {
        case .opened(let dialect, let principal):
            json.add("opened", dialect.journalName)
            json.add("reader", json: principal.journalJSON)
        case .became(let principal): json.add("became", json: principal.journalJSON)
        case .began(let number, let beginning):
            json.add("subscription", number)
            json.add("began", json: beginning.json)
        case .told(let number, let summing):
            json.add("subscription", number)
            json.add("told", json: summing.json)
        case .sees(let number, let seeing):
            var object = JSONLine()
            object.add("at", seeing.start)
            object.add("waits", seeing.waits)
            object.add("filter", json: seeing.filter.journalJSON)
            json.add("subscription", number)
            json.add("sees", json: object.text.utf8)
        case .ended(let number, let reason, let offset):
            json.add("subscription", number)
            json.add("ended", reason)
            json.add("at", offset)
        case .closed(let reason, let reached):
            json.add("closed", reason)
            let ends = reached.map { reached in
                var object = JSONLine()
                object.add("subscription", reached.subscription)
                object.add("at", reached.offset)
                return object
            }
            json.add("subscriptions", ends)
        }
    }
}

extension SessionEntry.Beginning {
    fileprivate var json: some Sequence<UInt8> {
        var json = JSONLine()
        json.add("id", self.id)
        if let form = self.form.journalJSON { json.add("form", json: form) }
        json.add("from", self.request.start.queryText)
        json.add("catchUp", self.request.catchUp.rawValue)
        json.add("budget", self.request.budget)
        json.add("at", self.start)
        json.add("waits", self.waits)
        json.add("filter", json: self.request.filter.journalJSON)
        return json.text.utf8
    }
}

extension SessionEntry.Summing {
    fileprivate var json: some Sequence<UInt8> {
        var json = JSONLine()
        switch self.kind {
        case .snapshot: json.add("kind", "snapshot")
        case .changes(let start):
            json.add("kind", "changes")
            json.add("from", start)
        case .sight(let before, let principal, let start):
            json.add("kind", "sight")
            json.add("from", start)
            json.add("before", json: before.journalJSON)
            json.add("reader", json: principal.journalJSON)
        }
        json.add("to", self.end)
        if self.isPartial { json.add("partial", true) }
        json.add("filter", json: self.filter.journalJSON)
        return json.text.utf8
    }
}

// MARK: - Values

extension Dialect {
    /// What a journal calls the dialect.
    package var journalName: String {
        switch self {
        case .restLive: "rest-live"
        case .livelog1: "livelog.v1"
        case .serverSentEvents: "event-stream"
        case .ndjson: "ndjson"
        }
    }
}

extension RecordForm {
    /// Nil for the form that needs no word.
    fileprivate var journalJSON: [UInt8]? {
        var json = JSONLine()
        switch self {
        case .livelog1: return nil
        case .restLive1(let model):
            json.add("restLive", 1)
            json.add("model", model?.string)
        case .restLive2(let form):
            json.add("restLive", 2)
            json.add("id", json: form.id)
            json.add("model", form.model.string)
            json.add("lookup", form.lookup?.string)
        }
        return Array(json.text.utf8)
    }
}

extension Principal {
    fileprivate var journalJSON: [UInt8] {
        var json = JSONLine()
        json.add("origin", "\(self.origin)")
        if !self.subject.isEmpty { json.add("subject", self.subject) }
        if !self.claims.isEmpty {
            var claims = JSONLine()
            for (name, claim) in self.claims.sorted(by: { $0.key < $1.key }) {
                switch claim {
                case .scalar(let value): claims.add(name, json: value.json)
                case .list(let values): claims.add(name, json: Self.list(values))
                }
            }
            json.add("claims", json: claims.text.utf8)
        }
        if !self.scopes.isEmpty { json.add("scopes", texts: self.scopes.sorted()) }
        if self.isStaff { json.add("staff", true) }
        if let grant {
            var key = JSONLine()
            key.add("actions", texts: grant.actions.map(\.rawValue).sorted())
            if let models = grant.models { key.add("models", texts: models.map(\.string).sorted()) }
            json.add("key", json: key.text.utf8)
        }
        if !self.granted.isEmpty {
            var granted = JSONLine()
            for (name, values) in self.granted.sorted(by: { $0.key < $1.key }) {
                granted.add(name, json: Self.list(values))
            }
            json.add("granted", json: granted.text.utf8)
        }
        return Array(json.text.utf8)
    }

    private static func list(_ values: [Scalar]) -> [UInt8] {
        JSONText.array(values.map(\.json))
    }
}

extension Filter {
    /// The filter as a journal has it.
    package var journalJSON: [UInt8] {
        var json = JSONLine()
        json.add("model", self.model.string)
        if !self.conditions.isEmpty {
            json.add("where", json: JSONText.array(self.conditions.map(\.journalJSON)))
        }
        if self.sight != .everything {
            json.add("sight", json: JSONText.array(self.sight.clauses.map(\.journalJSON)))
        }
        return Array(json.text.utf8)
    }
}

extension Sight.Clause {
    fileprivate var journalJSON: [UInt8] {
        var json = JSONLine()
        if self.view != .whole {
            var view = JSONLine()
            view.add("name", self.view.name.string)
            if let fields = self.view.fields { view.add("fields", texts: fields.map(\.string)) }
            view.add("rendering", self.view.rendering?.string)
            if self.view.usesCamelCase { view.add("camelCase", true) }
            json.add("view", json: view.text.utf8)
        }
        let ways = self.alternatives.map { JSONText.array($0.map(\.journalJSON)) }
        json.add("when", json: JSONText.array(ways))
        json.add("question", self.question?.name)
        return Array(json.text.utf8)
    }
}

extension Condition {
    /// `["list_id","in",[1,2]]`
    fileprivate var journalJSON: [UInt8] {
        var parts: [[UInt8]] = []
        func add(_ name: String, _ operand: [UInt8]) {
            parts.append(Scalar(kind: .string, text: self.property).json)
            parts.append(Scalar.string(name).json)
            parts.append(operand)
        }
        switch self.test {
        case .isIn(let values): add("in", JSONText.array(values.map(\.json)))
        case .isNot(let values): add("!=", JSONText.array(values.map(\.json)))
        case .order(let order, let value): add(order.rawValue, value.json)
        case .hasPrefix(let text): add("prefix", Scalar(kind: .string, text: text).json)
        }
        return JSONText.array(parts)
    }
}

extension Scalar {
    fileprivate var json: [UInt8] {
        var json: [UInt8] = []
        JSONText.append(scalar: self, to: &json)
        return json
    }
}

extension JSONLine {
    fileprivate mutating func add(_ name: String, texts: [String]) {
        self.add(name, json: JSONText.array(texts.map { Scalar.string($0).json }))
    }
}

extension JSONText {
    /// An array of what is JSON already.
    fileprivate static func array(_ elements: [[UInt8]]) -> [UInt8] {
        [UInt8(ascii: "[")] + elements.joined(separator: [UInt8(ascii: ",")])
            + [UInt8(ascii: "]")]
    }
}
