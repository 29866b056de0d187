package import LogModel

/// Who may see and publish what: all that a configuration says of models.
package struct AccessPolicy: Sendable {
    /// The models by label.
    package let models: [Text: ModelPolicy]
    /// Whether everybody may see and publish everything of models that are not named.
    package let isOpen: Bool
    /// Which models grant rights.
    package let grants: [GrantRule]
    /// What changes and requests of the models are read by.
    package let modelRules: ModelRules

    /// Creates the policy that names `models`.
    package init(models: [ModelPolicy] = [], grants: [GrantRule] = [], isOpen: Bool) {
        self.models = Dictionary(models.map { ($0.model, $0) }) { $1 }
        self.grants = grants
        self.isOpen = isOpen
        self.modelRules = ModelRules(
            models.compactMap { model in
                let granting = grants.filter { $0.model == model.model }
                return model.rules(recording: granting.flatMap { [$0.subject, $0.value] })
            })
    }

    /// Whether the log may grant something to `principal`: a key's rights are in the key.
    package func mayGrant(to principal: Principal) -> Bool {
        !self.grants.isEmpty && !principal.subject.isEmpty && principal.grant == nil
    }

    /// Everybody may do everything.
    package static let open = AccessPolicy(isOpen: true)

    /// Whether everything is everybody's, so that nothing has to be asked.
    package var isUnlimited: Bool { self.isOpen && self.models.isEmpty }

    /// Whether the log may let `principal` see something of `model`.
    package func mayGrant(of model: Text, to principal: Principal) -> Bool {
        guard self.mayGrant(to: principal) else { return false }
        let claims = Set(self.grants.map(\.claim))
        return self.models[model]?.views.contains { $0.rule.names(claims) } ?? false
    }

    /// What `principal` may see of `model`. A model that does not exist is one that nobody may see.
    ///
    /// An API key is for a program that the operator trusts with the models it names: it sees them whole.
    package func sight(of principal: Principal, on model: Text) -> Sight {
        if let grant = principal.grant {
            return grant.allows(.read, on: model) ? .everything : .nothing
        }
        guard let policy = self.models[model] else { return self.isOpen ? .everything : .nothing }
        return Sight(
            policy.views.compactMap { view in
                let alternatives = view.rule.alternatives(for: principal)
                guard !alternatives.isEmpty else { return nil }
                let question = view.question.map { Question(name: $0, asker: principal.identity) }
                return Sight.Clause(
                    view: view.view, alternatives: alternatives, question: question)
            })
    }

    /// The conditions under which `principal` may publish a change of `model`: all of one of these have to hold for
    /// the instance as it is submitted.
    package func publishing(by principal: Principal, on model: Text) -> [[Condition]] {
        if let grant = principal.grant {
            return grant.allows(.publish, on: model) ? [[]] : []
        }
        guard let policy = self.models[model] else { return self.isOpen ? [[]] : [] }
        return policy.publish.alternatives(for: principal)
    }

    /// `filter` as far as `principal` may see, or nil if they may not ask for it: because they may see nothing of the
    /// model, or because a condition names a property that they may not see and that is not one of the groups
    /// which a configuration offers, or one that no record carries. That a model does not exist is the same answer.
    ///
    /// Who may be granted something of the model at any time may ask, and sees nothing until then.
    package func filter(_ filter: Filter, for principal: Principal) -> Filter? {
        let sight = self.sight(of: principal, on: filter.model)
        guard !sight.isNothing else {
            return self.mayGrant(of: filter.model, to: principal)
                ? filter.seen(by: .nothing) : nil
        }
        let policy = self.models[filter.model]
        let recorded = self.modelRules[filter.model]?.recordedGroups
        for condition in filter.conditions {
            if let recorded, !recorded.contains(condition.property) { return nil }
            let isOffered = policy?.groups?.contains(condition.property) ?? false
            let isKey = condition.property == policy?.key ?? ModelRules.defaultKey
            guard isOffered || isKey || sight.shows(condition.property) else { return nil }
        }
        return filter.seen(by: sight)
    }
}
