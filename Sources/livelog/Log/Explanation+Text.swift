import Access
import Debugging
import LogModel
import WireProtocol

extension Explanation {
    /// The explanation for people: what it comes to first, and then the steps.
    var lines: [String] {
        var lines = self.disagreements.map { "!!! A FAULT OF THE SERVER: \($0)" }
        lines.append(self.verdict.text)
        lines.append(
            "record      \(self.record.offset), \(self.record.action.name) \(self.record.model) \(self.record.key.json), "
                + "\(timeText(self.record.time)), in the batch \(self.record.batch.lowerBound) to "
                + "\(self.record.batch.upperBound)")
        lines += self.requestLines
        lines += self.permission.lines
        guard let bucket else { return lines }
        lines += bucket.lines(filter: self.request?.filter)
        lines += self.conditionLines
        lines.append("5 set       \(self.setText)")
        lines.append("6 view      \(self.viewText)")
        lines.append("7 start     \(self.startText)")
        lines.append("8 message   " + (self.frame ?? self.recordForm ?? "none"))
        return lines
    }

    private var requestLines: [String] {
        let name = self.dialect == .restLive ? "rest-live" : "livelog.v1"
        guard let request else {
            return ["1 request   of \(name), refused: " + (self.answer ?? "it is ignored")]
        }
        let filter = request.filter
        let words = filter.conditions.isEmpty ? "" : " where \(filter.conditions.words)"
        var lines = [
            "1 request   of \(name): \(filter.model)\(words), from \(request.start.queryText)"
        ]
        if self.isRetrieved {
            lines.append(
                "            one instance, which the server looks up then and follows by its key")
        }
        if request.catchUp == .latest {
            lines.append("            who catches up gets the last record of each instance only")
        }
        if let budget = request.budget {
            lines.append(
                "            who would catch up with more than \(budget) records gets a snapshot instead"
            )
        }
        if let answer { lines.append("            refused: \(answer)") }
        return lines
    }

    private var conditionLines: [String] {
        guard !self.conditions.isEmpty else { return ["4 where     no conditions"] }
        return self.conditions.enumerated().map { place, judged in
            let held = judged.held ? "held before" : "did not hold before"
            let holds = judged.holds ? "holds after" : "does not hold after"
            return (place == 0 ? "4 where     " : "            ")
                + "\(judged.condition.words): \(Self.values(judged.before)) -> "
                + "\(Self.values(judged.after)): \(held), \(holds)"
                + (judged.isDriver ? " (leads to the record)" : "")
        }
    }

    private static func values(_ values: [Scalar]) -> String {
        values.isEmpty ? "not recorded" : values.map(\.json).joined(separator: ", ")
    }

    private var setText: String {
        guard let change else {
            return self.questions.isEmpty ? "no concern of it" : "not decided by the application"
        }
        return "\(change.name)"
    }

    private var viewText: String {
        guard let view else { return "nothing is shown" }
        guard self.change != .left else { return "\"\(view.name)\", of what left only the key" }
        return "\"\(view.name)\": \(view.words)"
    }

    private var startText: String {
        switch self.start {
        case .now: "it is taken to have begun before the record"
        case .offset(let offset):
            "at offset \(offset), \(self.record.offset < offset ? "after" : "not after") the record"
        case .refused(let reason, let message): "refused (\(reason.rawValue)): \(message)"
        case .none: "there is no subscription"
        }
    }
}

extension Explanation.Permission {
    fileprivate var lines: [String] {
        var lines = ["2 who       \(self.principal.words)"]
        if let grantsBefore {
            let granted = self.principal.granted.sorted { $0.key < $1.key }.map {
                "\($0.key): [\($0.value.map(\.json).joined(separator: ","))]"
            }
            lines.append(
                "            granted by the log below offset \(grantsBefore): "
                    + (granted.isEmpty ? "nothing" : granted.joined(separator: "; ")))
        }
        if let grantsFailure { lines.append("            \(grantsFailure)") }
        switch self.basis {
        case .open: lines.append("            everybody may see everything of this model")
        case .closed: lines.append("            the model is not configured: nobody may see it")
        case .key(let isFor):
            lines.append("            the key is \(isFor ? "" : "not ")for the model")
        case .views(let views):
            if views.isEmpty { lines.append("            the model has no views") }
            for (place, view) in views.enumerated() {
                lines.append("            view \(place + 1): \(view.words)")
            }
        }
        if let refusal { lines.append("            may not ask: \(refusal)") }
        return lines
    }
}

extension Explanation.JudgedView {
    /// The view, its rule, and what comes of it.
    fileprivate var words: String {
        let facts = self.facts.isEmpty ? "" : " (\(self.facts.joined(separator: "; ")))"
        let asking = self.question.map { ", if the application allows it (\($0))" } ?? ""
        let admission =
            switch self.admission {
            case .always: "admits"
            case .never: "does not admit"
            case .under(let alternatives):
                "admits where \(alternatives.words): \(self.admitted ? "did" : "did not") before, "
                    + "\(self.admits ? "does" : "does not") after"
            }
        return
            "\"\(self.view.name)\" (\(self.view.words)) for \(self.rule): \(admission)\(asking)\(facts)"
    }
}

extension Explanation.Bucket {
    fileprivate func lines(filter: Filter?) -> [String] {
        var lines = ["3 bucket    plan \(self.plan.rawValue): \(Self.words(self.plan))"]
        // A list can have many values; those that the record carries say it all.
        let carried = self.groups.filter { $0.membership != nil }
        for group in carried.isEmpty ? Array(self.groups.prefix(Self.groupsShown)) : carried {
            let membership =
                switch group.membership {
                case .entered: "entered"
                case .stayed: "stayed in"
                case .left: "left"
                case nil: "not carried by the record"
                }
            lines.append(
                "            \(group.group.words) (\(group.hash.hexadecimal)): \(membership)")
        }
        let hidden = self.groups.count - (carried.isEmpty ? Self.groupsShown : carried.count)
        if hidden > 0 { lines.append("            and \(hidden) other groups") }
        let index =
            switch self.isIndexed {
            case true: ", and the index leads to the record"
            case false: carried.isEmpty ? "" : ", and the index does not lead to the record"
            case nil: ""
            }
        lines.append(
            "            the matcher \(self.isFound ? "finds" : "does not find") the subscription\(index)"
        )
        return lines
    }

    private static let groupsShown = 5

    private static func words(_ plan: FilterPlan) -> String {
        switch plan {
        case .group: "one group has exactly what is wanted"
        case .residual: "records of these groups are looked at"
        case .scan: "every record of the model is looked at (--refuse-scans refuses that)"
        }
    }
}
