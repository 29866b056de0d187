import Access
import LogModel
import Yams

extension SettingsReader {
    private static let viewsMax = 16

    /// The models of a mapping, by label.
    func models(_ node: Node, _ path: String) -> [ModelPolicy] {
        var seen: Set<String> = []
        return self.pairs(node, path).compactMap { key, name, value in
            let path = "\(path).\(name)"
            guard self.isLabel(name) else {
                self.note(
                    key, path,
                    "a model's label has 1 to 128 letters, digits and the characters . _ : @ -")
                return nil
            }
            guard seen.insert(name).inserted else {
                self.note(key, path, "this model is there twice")
                return nil
            }
            return self.model(Text(name), value, path)
        }
    }

    /// Whether `name` can be a model's label.
    func isLabel(_ name: String) -> Bool {
        (try? /[A-Za-z0-9._:@-]{1,128}/.wholeMatch(in: name)) != nil
    }

    private func model(_ label: Text, _ node: Node, _ path: String) -> ModelPolicy {
        let members = self.members(
            node, path, known: ["aliases", "groups", "key", "lookup", "publish", "style", "views"])
        let key = members["key"].flatMap { self.property($0, "\(path).key") }
        let lookup = members["lookup"].flatMap { self.property($0, "\(path).lookup") }
        let groups = members["groups"].map { self.groups($0, "\(path).groups") }
        let usesCamelCase =
            members["style"].map { self.isCamelCase($0, "\(path).style") } ?? false
        let views = members["views"].map {
            self.views($0, "\(path).views", usesCamelCase)
        }
        let publish = members["publish"].flatMap { self.rule($0, "\(path).publish") }
        var policy = ModelPolicy(
            model: label, key: key ?? ModelRules.defaultKey, groups: groups, lookup: lookup,
            views: views ?? [], publish: publish ?? .any([]))
        if let node = members["aliases"] {
            policy.aliases = self.aliases(node, "\(path).aliases", of: policy)
        }
        let recordedCount = policy.recordedGroups?.count ?? 0
        if let node = members["groups"], recordedCount > ModelRules.groupCountMax {
            self.note(
                node, "\(path).groups",
                "with the key and what rules name these are \(recordedCount) groups: "
                    + "a record has at most \(ModelRules.groupCountMax)")
        }
        return policy
    }

    private func isCamelCase(_ node: Node, _ path: String) -> Bool {
        switch self.text(node, path) {
        case "camelCase": return true
        case "as_is", nil: return false
        default:
            self.note(node, path, "the style of names is as_is or camelCase")
            return false
        }
    }

    private func views(
        _ node: Node, _ path: String, _ usesCamelCase: Bool
    ) -> [ModelPolicy.ViewRule] {
        let elements = self.elements(node, path)
        if elements.count > Self.viewsMax {
            self.note(node, path, "a model has at most \(Self.viewsMax) views")
        }
        return elements.enumerated().compactMap { index, element in
            let path = "\(path)[\(index)]"
            let members = self.members(
                element, path, known: ["fields", "name", "rendering", "who"])
            guard let who = members["who"] else {
                self.note(element, path, "a view says for whom it is: who: everyone, for instance")
                return nil
            }
            let name = members["name"].flatMap { self.text($0, "\(path).name") }
            let fields = members["fields"].map { self.texts($0, "\(path).fields").map { Text($0) } }
            let rendering = members["rendering"].flatMap { self.text($0, "\(path).rendering") }
            guard let (rule, question) = self.viewRule(who, "\(path).who") else { return nil }
            let isWhole = fields == nil && rendering == nil && !usesCamelCase
            let view =
                isWhole
                ? View.whole
                : View(
                    name: Text(name ?? "view \(index)"), fields: fields,
                    rendering: rendering.map { Text($0) }, usesCamelCase: usesCamelCase)
            return ModelPolicy.ViewRule(view: view, rule: rule, question: question)
        }
    }
}
