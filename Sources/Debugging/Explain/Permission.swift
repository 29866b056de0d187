package import Access
package import LogModel

extension Explanation {
    /// Which rules admit a principal to a model, and to the instance of the record.
    package struct Permission: Sendable {
        /// By what it is decided.
        package enum Basis: Sendable {
            /// Nothing is configured of the model, and it is open to everybody.
            case open
            /// Nothing is configured of the model, and it is closed to everybody.
            case closed
            /// By an API key, which is for the model or is not.
            case key(isFor: Bool)
            /// By the model's views, in order.
            case views([JudgedView])
        }

        /// Who asks, with what the log grants them.
        package let principal: Principal
        /// The model that is asked for; nil if that is not known.
        package let model: Text?
        /// By what it is decided what they see of it.
        package let basis: Basis
        /// The place as of which the log grants; nil if it grants them nothing at any place.
        package let grantsBefore: Offset?
        /// Why the rights by the log are not those that were asked for; nil if they are.
        package let grantsFailure: String?
        /// Why they may not ask for it; nil if they may.
        package let refusal: String?

        /// The view by which the instance is seen at a side of the record, and its place; nil if it is not seen, or if
        /// views do not decide.
        func view(at side: RecordSide) -> (place: Int, view: JudgedView)? {
            guard case .views(let views) = self.basis else { return nil }
            let place = views.firstIndex { side == .before ? $0.admitted : $0.admits }
            return place.map { ($0, views[$0]) }
        }

        /// Whether something is seen of the instance at a side of the record, if the application allows it.
        func sees(_ side: RecordSide) -> Bool {
            switch self.basis {
            case .open: true
            case .closed: false
            case .key(let isFor): isFor
            case .views: self.view(at: side) != nil
            }
        }
    }

    /// A view, and whether its rule admits the principal.
    package struct JudgedView: Sendable {
        /// Whom a rule admits.
        package enum Admission: Hashable, Sendable {
            /// The principal, to every instance.
            case always
            /// The principal, to no instance.
            case never
            /// The principal, to instances for which all of one of these hold.
            case under([[Condition]])
        }

        /// What is seen.
        package let view: View
        /// The rule, as what follows "for".
        package let rule: String
        /// What is known of the principal as far as the rule asks.
        package let facts: [String]
        /// Whom the rule admits.
        package let admission: Admission
        /// What the application is asked besides; nil if it is not.
        package let question: String?
        /// Whether the rule admits the principal to the instance as it was just before the record.
        package let admitted: Bool
        /// Whether it admits the principal to the instance as it is after the record.
        package let admits: Bool
    }
}

extension Explanation.Permission {
    /// - Parameters:
    ///   - filter: what is asked for, if that is known.
    ///   - values: the record's.
    init(_ asked: AskedSubscription, _ filter: Filter?, _ values: RecordValues) {
        let reader = asked.reader
        self.principal = reader.principal
        self.model = filter?.model
        self.grantsBefore = asked.grantsBefore
        self.grantsFailure = asked.grantsFailure
        let model = filter?.model ?? values.model
        let basis = Self.basis(reader, model, values)
        self.basis = basis
        self.refusal = filter.flatMap { Self.refusal($0, reader, basis) }
    }

    private static func basis(
        _ reader: Reader, _ model: Text, _ values: RecordValues
    ) -> Basis {
        if let grant = reader.principal.grant {
            return .key(isFor: grant.allows(.read, on: model))
        }
        guard let policy = reader.policy.models[model] else {
            return reader.policy.isOpen ? .open : .closed
        }
        let check = RuleCheck(principal: reader.principal)
        return .views(
            policy.views.map { rule in
                let alternatives = rule.rule.alternatives(for: reader.principal)
                return Explanation.JudgedView(
                    view: rule.view, rule: rule.rule.words, facts: check.facts(for: rule.rule),
                    admission: alternatives.isEmpty
                        ? .never : alternatives.contains([]) ? .always : .under(alternatives),
                    question: rule.question,
                    admitted: check.admits(by: rule.rule, values, .before),
                    admits: check.admits(by: rule.rule, values, .after))
            })
    }

    /// Why `filter` may not be asked for; nil if it may.
    private static func refusal(_ filter: Filter, _ reader: Reader, _ basis: Basis) -> String? {
        let views: [Explanation.JudgedView]
        switch basis {
        case .open: views = []
        case .closed:
            return "the model \(filter.model) is not in the configuration, and such are closed"
        case .key(let isFor):
            guard isFor else { return "the API key is not for reading \(filter.model)" }
            views = []
        case .views(let judged):
            views = judged.filter { $0.admission != .never }
            if views.isEmpty {
                return reader.policy.mayGrant(of: filter.model, to: reader.principal)
                    ? nil : "no view of \(filter.model) is for whoever asks"
            }
        }
        let policy = reader.policy.models[filter.model]
        let recorded = policy?.recordedGroups
        let grants = reader.policy.grants.filter { $0.model == filter.model }
        for property in filter.conditions.map(\.property) {
            if let recorded, !recorded.contains(property),
                !grants.contains(where: { $0.subject == property || $0.value == property })
            {
                return
                    "\(property) is not recorded: \(filter.model) has groups, and it is none of them"
            }
            if policy?.groups?.contains(property) == true { continue }
            if property == policy?.key ?? ModelRules.defaultKey { continue }
            // What comes after a view for everybody and everything is never asked.
            let end = views.firstIndex { $0.admission == .always && $0.question == nil }
            let seen = views.prefix((end ?? views.count - 1) + 1)
            if let view = seen.first(where: { !$0.view.shows(property) }) {
                return
                    "the view \"\(view.view.name)\" does not show \(property), and it is none of the model's groups"
            }
        }
        return nil
    }
}
