package import LogModel

extension Rule {
    /// The properties that the rule names, each once, in the order in which they stand in it.
    package var properties: [Text] {
        var found: [Text] = []
        self.addProperties(to: &found)
        return found
    }

    private func addProperties(to found: inout [Text]) {
        switch self {
        case .everyone, .authenticated, .staff, .scope, .claim, .claimContains: break
        case .property(let property, _), .member(let property, _):
            if !found.contains(property) { found.append(property) }
        case .all(let rules), .any(let rules):
            for rule in rules { rule.addProperties(to: &found) }
        case .not(let rule): rule.addProperties(to: &found)
        }
    }
}

extension ModelPolicy {
    /// The properties that records of the model carry as groups, in their order there: the key, unless ``groups`` says
    /// where it is, then ``groups``, then the lookup and what rules name, for only by its groups is an instance found,
    /// shown or hidden. Nil for every scalar property.
    package var recordedGroups: [Text]? {
        self.recordedGroups(with: [])
    }

    private func recordedGroups(with more: [Text]) -> [Text]? {
        guard let groups = self.groups else { return nil }
        var recorded = groups.contains(self.key) ? groups : [self.key] + groups
        for property in self.namedProperties + more where !recorded.contains(property) {
            recorded.append(property)
        }
        return recorded
    }

    /// The key, the lookup, and what rules name; a property can be there more than once.
    package var namedProperties: [Text] {
        [self.key] + (self.lookup.map { [$0] } ?? []) + self.views.flatMap(\.rule.properties)
            + self.publish.properties
    }

    /// What changes and requests of the model are read by; nil if that is what all others are read by.
    ///
    /// - Parameter more: properties that its records carry besides, if they do not carry all.
    func rules(recording more: [Text]) -> ModelRules.Model? {
        let rules = ModelRules.Model(
            label: self.model, key: self.key, recordedGroups: self.recordedGroups(with: more),
            aliases: self.aliases, lookup: self.lookup)
        return rules == ModelRules.Model(label: self.model) ? nil : rules
    }
}
