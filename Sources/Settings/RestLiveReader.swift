import Access
import LogModel
import Yams

extension SettingsReader {
    private static let pathByteCountMax = 256
    /// What the server answers at by itself.
    private static let ownPaths = [
        "/ws/subscribe", "/api/ws/subscribe", "/ws/publish", "/api/ws/publish", "/livelog.js",
        "/metrics", "/healthz", "/readyz",
    ]

    /// What clients of django-rest-live find.
    func restLive(_ node: Node, _ path: String) -> RestLivePolicy {
        let members = self.members(node, path, known: ["paths", "strict"])
        let isStrict = members["strict"].flatMap { self.boolean($0, "\(path).strict") } ?? false
        let paths = members["paths"].map { self.paths($0, "\(path).paths") } ?? []
        return RestLivePolicy(isStrict: isStrict, paths: paths)
    }

    private func paths(_ node: Node, _ path: String) -> [RestLivePath] {
        let elements = self.elements(node, path)
        if elements.count > RestLivePolicy.pathsMax {
            self.note(node, path, "there are at most \(RestLivePolicy.pathsMax) paths")
            return []
        }
        var seen: Set<String> = []
        return elements.enumerated().compactMap { index, element in
            let path = "\(path)[\(index)]"
            guard let read = self.restLivePath(element, path) else { return nil }
            guard seen.insert(read.path).inserted else {
                self.note(element, path, "the path \(read.path) is there twice")
                return nil
            }
            return read
        }
    }

    private func restLivePath(_ node: Node, _ path: String) -> RestLivePath? {
        let members = self.members(node, path, known: ["models", "path", "who"])
        for (name, reason) in [
            ("path", "where the WebSocket is, path: /ws/private/, for instance"),
            ("who", "who may connect, who: authenticated, for instance"),
        ] where members[name] == nil {
            self.note(node, path, "a path says \(reason)")
        }
        let names = members["models"].flatMap { self.names($0, "\(path).models") }
        guard let text = members["path"].flatMap({ self.urlPath($0, "\(path).path") }),
            let who = members["who"].flatMap({ self.whoConnects($0, "\(path).who") })
        else { return nil }
        return RestLivePath(path: text, who: who, names: names)
    }

    private func urlPath(_ node: Node, _ path: String) -> String? {
        guard let text = self.text(node, path, countMax: Self.pathByteCountMax) else { return nil }
        guard (try? /(\/[A-Za-z0-9._~-]+)+\/?/.wholeMatch(in: text)) != nil else {
            self.note(
                node, path,
                "a path begins with / and has names of letters, digits and the characters . _ ~ - between "
                    + "slashes, /ws/private/, for instance")
            return nil
        }
        let plain = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard !Self.ownPaths.contains(plain), plain != "/v1", !plain.hasPrefix("/v1/") else {
            self.note(node, path, "\(text) is the server's own: choose another path")
            return nil
        }
        return text
    }

    private func whoConnects(_ node: Node, _ path: String) -> Rule? {
        guard let rule = self.rule(node, path) else { return nil }
        guard rule.properties.isEmpty else {
            self.note(
                node, path,
                "who connects is decided before there is an instance: this rule must not name a property"
            )
            return nil
        }
        return rule
    }

    /// The labels of models by what clients call them.
    private func names(_ node: Node, _ path: String) -> ModelNames? {
        let pairs = self.pairs(node, path)
        guard pairs.count <= RestLivePolicy.namesMax else {
            self.note(node, path, "a path has at most \(RestLivePolicy.namesMax) models")
            return nil
        }
        var labels: [Text: Text] = [:]
        var named: Set<String> = []
        for (key, name, value) in pairs {
            guard let label = self.text(value, "\(path).\(name)") else { continue }
            guard self.isLabel(name), self.isLabel(label) else {
                self.note(
                    key, "\(path).\(name)",
                    "names and labels have 1 to 128 letters, digits and the characters . _ : @ -")
                continue
            }
            guard named.insert(label).inserted else {
                self.note(value, "\(path).\(name)", "the model \(label) has a name here already")
                continue
            }
            labels[Text(name)] = Text(label)
        }
        return ModelNames(labels)
    }
}
