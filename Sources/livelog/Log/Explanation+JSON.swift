import Access
import Debugging
import LogModel
import WireProtocol

extension Explanation {
    /// The explanation as one JSON object.
    var json: JSONLine {
        var json = JSONLine()
        switch self.verdict {
        case .delivered(let change, let reason):
            json.add("verdict", "delivered")
            json.add("change", "\(change.name)")
            json.add("reason", reason)
        case .notDelivered(let reason):
            json.add("verdict", "not-delivered")
            json.add("reason", reason)
        case .depends(let reason):
            json.add("verdict", "depends")
            json.add("reason", reason)
        }
        json.add("disagreements", strings: self.disagreements)
        json.add("record", json: self.recordJSON.text.utf8)
        json.add("request", json: self.requestJSON.text.utf8)
        json.add("permission", json: self.permission.json.text.utf8)
        if let bucket { json.add("bucket", json: bucket.json.text.utf8) }
        json.add("conditions", self.conditions.map(\.json))
        json.add("set", self.change.map { "\($0.name)" })
        if let view {
            var line = JSONLine()
            line.add("name", view.name.string)
            line.add("shows", view.words)
            json.add("view", json: line.text.utf8)
        }
        if !self.questions.isEmpty {
            json.add(
                "questions",
                self.questions.map {
                    var line = JSONLine()
                    line.add("name", $0.question.name)
                    line.add("offset", $0.offset)
                    return line
                })
        }
        self.addStart(to: &json)
        if let recordForm { json.add("recordForm", json: recordForm.utf8) }
        if let frame { json.add("message", json: frame.utf8) }
        return json
    }

    private var recordJSON: JSONLine {
        var json = JSONLine()
        json.add("offset", self.record.offset)
        json.add("batchStart", self.record.batch.lowerBound)
        json.add("batchEnd", self.record.batch.upperBound)
        json.add("time", RFC3339.text(ofRecord: self.record.time))
        json.add("model", self.record.model.string)
        json.add("key", json: self.record.key.json.utf8)
        json.add("action", "\(self.record.action.name)")
        return json
    }

    private var requestJSON: JSONLine {
        var json = JSONLine()
        json.add("dialect", self.dialect == .restLive ? "rest-live" : "livelog.v1")
        if let request {
            json.add("model", request.filter.model.string)
            json.add("where", strings: request.filter.conditions.map(\.words))
            json.add("from", request.start.queryText)
            if self.isRetrieved { json.add("retrieved", true) }
        }
        json.add("refused", self.bucket == nil)
        json.add("answer", self.answer)
        return json
    }

    private func addStart(to json: inout JSONLine) {
        switch self.start {
        case .now, .none: break
        case .offset(let offset): json.add("start", offset)
        case .refused(let reason, let message):
            json.add("startRefused", reason.rawValue)
            json.add("startMessage", message)
        }
    }
}

extension Explanation.JudgedCondition {
    fileprivate var json: JSONLine {
        var json = JSONLine()
        json.add("condition", self.condition.words)
        json.add("leads", self.isDriver)
        json.add("before", scalars: self.before)
        json.add("after", scalars: self.after)
        json.add("held", self.held)
        json.add("holds", self.holds)
        return json
    }
}

extension Explanation.Permission {
    fileprivate var json: JSONLine {
        var json = JSONLine()
        json.add("principal", self.principal.words)
        json.add("grantedBefore", self.grantsBefore)
        if self.grantsBefore != nil {
            var granted = JSONLine()
            for (claim, values) in self.principal.granted.sorted(by: { $0.key < $1.key }) {
                granted.add(claim, scalars: values)
            }
            json.add("granted", json: granted.text.utf8)
        }
        json.add("grantsFailure", self.grantsFailure)
        switch self.basis {
        case .open: json.add("basis", "open")
        case .closed: json.add("basis", "closed")
        case .key(let isFor):
            json.add("basis", "key")
            json.add("isForModel", isFor)
        case .views(let views):
            json.add("basis", "views")
            json.add("views", views.map(\.json))
        }
        json.add("mayAsk", self.refusal == nil)
        json.add("refusal", self.refusal)
        return json
    }
}

extension Explanation.JudgedView {
    fileprivate var json: JSONLine {
        var json = JSONLine()
        json.add("name", self.view.name.string)
        json.add("shows", self.view.words)
        json.add("rule", self.rule)
        switch self.admission {
        case .always: json.add("admission", "always")
        case .never: json.add("admission", "never")
        case .under(let alternatives):
            json.add("admission", "where")
            json.add("where", alternatives.words)
        }
        json.add("question", self.question)
        json.add("facts", strings: self.facts)
        json.add("before", self.admitted)
        json.add("after", self.admits)
        return json
    }
}

extension Explanation.Bucket {
    fileprivate var json: JSONLine {
        var json = JSONLine()
        json.add("plan", self.plan.rawValue)
        json.add(
            "groups",
            self.groups.map { group in
                var line = JSONLine()
                line.add("group", group.group.words)
                line.add("hash", group.hash.hexadecimal)
                line.add("membership", group.membership.map { "\($0)" })
                return line
            })
        json.add("found", self.isFound)
        if let isIndexed { json.add("indexed", isIndexed) }
        return json
    }
}

extension JSONLine {
    /// Adds an array of strings.
    mutating func add(_ name: String, strings: [String]) {
        self.add(name, scalars: strings.map { .string($0) })
    }

    /// Adds an array of values.
    mutating func add(_ name: String, scalars: [Scalar]) {
        self.add(name, json: "[\(scalars.map(\.json).joined(separator: ","))]".utf8)
    }
}
