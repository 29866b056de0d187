import Access
import LogModel
import Yams

extension SettingsReader {
    private static let grantsMax = 16

    /// Which models grant rights.
    func grants(_ node: Node, _ path: String) -> [GrantRule] {
        let elements = self.elements(node, path)
        if elements.count > Self.grantsMax {
            self.note(node, path, "at most \(Self.grantsMax) models grant rights")
        }
        return elements.enumerated().compactMap { index, element in
            self.grant(element, "\(path)[\(index)]")
        }
    }

    private func grant(_ node: Node, _ path: String) -> GrantRule? {
        let names = ["claim", "model", "subject", "value"]
        let members = self.members(node, path, known: names)
        for name in names where members[name] == nil {
            self.note(
                node, path,
                "a grant names a model, the properties that say to whom (subject) and what (value), and the "
                    + "claim that has it then: \(name) is missing")
        }
        let texts = members.mapValues { self.text($0, path) }
        guard let claim = texts["claim"] ?? nil, let model = texts["model"] ?? nil,
            let subject = texts["subject"] ?? nil, let value = texts["value"] ?? nil
        else { return nil }
        if claim == "sub" {
            self.note(
                members["claim"] ?? node, "\(path).claim", "nobody is granted to be somebody else")
        }
        return GrantRule(
            model: Text(model), subject: Text(subject), value: Text(value), claim: claim)
    }
}
