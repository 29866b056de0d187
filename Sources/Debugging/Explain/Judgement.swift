import LogModel
import WireProtocol

/// What a record did to a set by the judgement of each condition and rule alone, and what it comes to in words.
struct Judgement {
    private let record: Explanation.Record
    private let permission: Explanation.Permission
    private let conditions: [Explanation.JudgedCondition]
    private let isOfModel: Bool
    /// Whether the instance existed, and exists.
    private let existed: Bool
    private let exists: Bool
    /// Whether it was in the set, and is in it, if the application allows what it is asked.
    private let wasIn: Bool
    private let isIn: Bool

    init(
        _ observed: Observation, _ permission: Explanation.Permission,
        _ conditions: [Explanation.JudgedCondition]
    ) {
        self.record = observed.record
        self.permission = permission
        self.conditions = conditions
        self.isOfModel = permission.model == observed.values.model
        self.existed = observed.values.exists(.before)
        self.exists = observed.values.exists(.after)
        self.wasIn =
            self.isOfModel && self.existed && conditions.allSatisfy(\.held)
            && permission.sees(.before)
        self.isIn =
            self.isOfModel && self.exists && conditions.allSatisfy(\.holds)
            && permission.sees(.after)
    }

    private var change: SetChange? {
        SetChange(wasIn: self.wasIn, isIn: self.isIn, action: self.record.action)
    }

    /// Where the server says something else.
    func disagreements(
        with observed: Observation, _ bucket: Explanation.Bucket
    ) -> [String] {
        var found: [String] = []
        if self.change != observed.possible {
            found.append(
                "the server takes the record for \(Observation.name(observed.possible)), and by its conditions and "
                    + "rules, one by one, it is \(Observation.name(self.change))")
        }
        if observed.possible != nil, bucket.isIndexed == false {
            found.append(
                "the log's index does not lead to the record, which concerns the subscription")
        }
        if !observed.isAsked, let change = self.change, change == observed.change,
            let view = self.view(change)?.view.view, view != observed.view
        {
            found.append(
                "the server shows the view \"\(observed.view?.name ?? "")\", and by the rules it is \"\(view.name)\""
            )
        }
        return found
    }

    /// The view by which the instance is seen that `change` is about.
    private func view(_ change: SetChange) -> (place: Int, view: Explanation.JudgedView)? {
        self.permission.view(at: change == .left || change == .deleted ? .before : .after)
    }

    // MARK: - In words

    func verdict(
        of observed: Observation, _ start: Explanation.Start, _ made: AskedSubscription.Made
    ) -> Explanation.Verdict {
        if case .refused(let reason, let message) = start {
            return .notDelivered(
                because: "the subscription cannot begin (\(reason.rawValue)): \(message)")
        }
        if observed.isUnknown {
            return .depends(
                on:
                    "whether the instance was seen before the record, and that is gone: who catches up is sent a reset"
            )
        }
        let isAsked = !observed.questions.isEmpty
        guard isAsked || observed.change != nil else {
            return .notDelivered(because: self.reasonForNothing(observed))
        }
        if case .offset(let first) = start, self.record.offset < first {
            return .notDelivered(
                because: "the subscription begins at offset \(first), after the record")
        }
        if isAsked {
            let names = Set(observed.questions.map(\.question.name)).sorted()
            let places = Set(observed.questions.map(\.offset)).sorted().map(\.description)
            return .depends(
                on: "\(names.joined(separator: ", ")) about the record at offset "
                    + places.joined(separator: " and at "))
        }
        guard let change = observed.change else {
            return .notDelivered(because: self.reasonForNothing(observed))
        }
        if change == .left, made.form.isRestLive1 {
            return .notDelivered(
                because:
                    "the instance left the group, and clients of rest-live 1 are told of its instances only"
            )
        }
        return .delivered(change, because: self.reason(for: change, observed))
    }

    private func reasonForNothing(_ observed: Observation) -> String {
        if !self.isOfModel {
            return
                "the record is of the model \(self.record.model), and \(self.permission.model ?? "") is asked for"
        }
        if observed.possible != nil { return "the application does not allow it" }
        let failing = self.conditions.filter {
            !($0.held && self.existed) && !($0.holds && self.exists)
        }
        if !failing.isEmpty {
            return failing.map {
                "\($0.condition.words) holds neither before the record nor after it (\(Self.values($0)))"
            }.joined(separator: ", and ")
        }
        if self.conditions.allSatisfy({ $0.held && self.existed })
            || self.conditions.allSatisfy({ $0.holds && self.exists })
        {
            return "\(self.who) may not see the instance: \(self.permissionReason)"
        }
        return "the conditions do not hold together, neither before the record nor after it"
    }

    private var permissionReason: String {
        switch self.permission.basis {
        case .open: return "nothing"
        case .closed: return "the model is not in the configuration, and such are closed"
        case .key: return "the API key is not for the model"
        case .views(let views):
            if views.isEmpty { return "the model has no views" }
            return views.allSatisfy({ $0.admission == .never })
                ? "no view is for them"
                : "no view that is for them admits the instance"
        }
    }

    private func reason(for change: SetChange, _ observed: Observation) -> String {
        switch change {
        case .updated: return "the instance was in the set and still is"
        case .deleted: return "the instance was in the set and was deleted"
        case .entered:
            if !self.existed { return "the instance is new, and in the set" }
            let news = self.conditions.filter { !$0.held && $0.holds }.map(\.condition)
            return self.because(
                news, "holds since this record", seen: "may see the instance since this record")
        case .left:
            let lost = self.conditions.filter { $0.held && !$0.holds }.map(\.condition)
            return self.because(
                lost, "does not hold any more", seen: "may not see the instance any more")
        }
    }

    private func because(_ conditions: [Condition], _ what: String, seen: String) -> String {
        var parts: [String] = []
        if !conditions.isEmpty { parts.append("\(conditions.words) \(what)") }
        if self.permission.sees(.before) != self.permission.sees(.after) {
            parts.append("\(self.who) \(seen)")
        }
        return parts.isEmpty
            ? "the application decides otherwise since this record"
            : parts.joined(separator: ", and ")
    }

    private var who: String { self.permission.principal.words }

    private static func values(_ condition: Explanation.JudgedCondition) -> String {
        let property = condition.condition.property
        func text(_ values: [Scalar]) -> String {
            values.isEmpty ? "not recorded" : values.map(\.json).joined(separator: ", ")
        }
        let (before, after) = (text(condition.before), text(condition.after))
        return before == after
            ? "\(property) is \(after)" : "\(property) was \(before), is \(after)"
    }
}
