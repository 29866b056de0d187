import Access
import LogModel
import Yams

extension SettingsReader {
    private static let aliasesMax = 64

    /// The name of a property that can be a group.
    func property(_ node: Node, _ path: String) -> Text? {
        self.text(node, path, countMax: ModelRules.groupNameBytesMax).map { Text($0) }
    }

    /// The properties that are groups, each once.
    func groups(_ node: Node, _ path: String) -> [Text] {
        var seen: Set<Text> = []
        return self.elements(node, path).enumerated().compactMap { index, element in
            let path = "\(path)[\(index)]"
            guard let property = self.property(element, path) else { return nil }
            guard seen.insert(property).inserted else {
                self.note(element, path, "\"\(property)\" is there twice")
                return nil
            }
            return property
        }
    }

    /// Other names of properties of a model, of which all but these are known.
    func aliases(_ node: Node, _ path: String, of policy: ModelPolicy) -> [Text: Text] {
        let pairs = self.pairs(node, path)
        if pairs.count > Self.aliasesMax {
            self.note(node, path, "a model has at most \(Self.aliasesMax) aliases")
        }
        let names = Set(pairs.map { Text($0.name) })
        let taken = policy.namedProperties + (policy.groups ?? [])
        var aliases: [Text: Text] = [:]
        for (key, name, value) in pairs {
            guard let name = self.property(key, "\(path).\(name)"),
                let property = self.property(value, "\(path).\(name)")
            else { continue }
            let path = "\(path).\(name)"
            if taken.contains(name) {
                self.note(
                    key, path,
                    "\"\(name)\" is a property of the model itself, the key, a group or named in a rule: "
                        + "an alias is another name")
            } else if names.contains(property) {
                self.note(value, path, "\"\(property)\" is an alias itself: name the property")
            } else if let recorded = policy.recordedGroups, !recorded.contains(property) {
                self.note(
                    value, path,
                    "\"\(property)\" is no group of the model: add it to groups, or name one of "
                        + recorded.map(\.string).joined(separator: ", "))
            } else {
                aliases[name] = property
            }
        }
        return aliases
    }
}
