package import LogModel

extension Rule {
    /// The rule as what follows "by": `whoever has the scope tasks:write`.
    package var words: String {
        switch self {
        case .everyone: "everybody"
        case .authenticated: "whoever is known"
        case .staff: "the staff"
        case .scope(let scope): "whoever has the scope \(scope)"
        case .claim(let name, let value): "whoever's \(name) is \(value.text)"
        case .claimContains(let name, let value): "whoever has \(value.text) among their \(name)"
        case .property(let property, let claim): "whoever's \(claim) is the instance's \(property)"
        case .member(let property, let claim):
            "whoever has the instance's \(property) among their \(claim)"
        case .all(let rules):
            "whoever is all of (" + rules.map(\.words).joined(separator: "; ") + ")"
        case .any([]): "nobody"
        case .any(let rules):
            "whoever is one of (" + rules.map(\.words).joined(separator: "; ") + ")"
        case .not(let rule): "whoever is not (\(rule.words))"
        }
    }
}

extension View {
    /// What is seen in the view, in words: `all fields`, `id, text`, `the rendering short`.
    package var words: String {
        if let rendering = self.rendering { return "the rendering \(rendering)" }
        guard let fields else { return "all fields" }
        return fields.isEmpty ? "no field" : fields.map(\.string).joined(separator: ", ")
    }
}
