import Access
import Identity
import LogModel
import Settings

/// A configuration in sentences, for whoever has to answer for it.
struct SettingsSummary {
    private let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    /// What everybody may do first, and then each model.
    var text: String {
        var lines: [String] = []
        let policy = self.settings.policy
        let models = policy.models.values.sorted { $0.model.string < $1.model.string }
        if policy.isOpen {
            lines.append("! everybody may see and publish models that are not named")
        }
        for model in models {
            for view in model.views where view.rule == .everyone && view.question == nil {
                lines.append("! everybody may see \(model.model): \(view.view.words)")
            }
            if model.publish == .everyone { lines.append("! everybody may publish \(model.model)") }
        }
        for model in models {
            lines.append("\(model.model)")
            lines += Self.reading(model, by: policy.modelRules)
            for view in model.views {
                lines.append(
                    "    seen by \(view.rule.words)\(Self.asking(view)): \(view.view.words)"
                )
            }
            if model.views.isEmpty { lines.append("    seen by nobody but API keys for it") }
            lines.append("    published by \(model.publish.words), and API keys for it")
        }
        lines += policy.grants.map {
            "\($0.model) grants: whoever is its \($0.subject) has its \($0.value) in the claim \($0.claim)"
        }
        lines += self.restLive
        let identity = self.settings.identity
        lines += identity.issuers.map { "tokens of \($0.issuer) for \($0.audience)" }
        if let tls = self.settings.tls {
            lines.append("TLS with the certificate \(tls.certificate)")
        }
        if let file = identity.apiKeysFile { lines.append("API keys of \(file)") }
        if let callback = identity.callback {
            let cookies = callback.cookies.joined(separator: ", ")
            lines.append("\(callback.url) is asked who has the cookies \(cookies)")
        }
        if let decisions = identity.decisions {
            lines.append("\(decisions.url) is asked who may see what")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var restLive: [String] {
        let restLive = self.settings.restLive
        let paths = restLive.paths.flatMap { path in
            let names = (path.names?.labels ?? [:]).sorted { $0.key.string < $1.key.string }
            return ["\(path.path)/ is a WebSocket of rest-live for \(path.who.words)"]
                + names.map { "    \($0.key) is \($0.value)" }
        }
        return
            (restLive.isStrict
            ? ["rest-live is strict: what is no frame closes the connection"] : []) + paths
    }

    /// By what changes and requests of a model are read, as far as it is not the default.
    private static func reading(_ model: ModelPolicy, by rules: ModelRules) -> [String] {
        var lines: [String] = []
        if model.key != ModelRules.defaultKey { lines.append("    its key is \(model.key)") }
        if let lookup = model.lookup { lines.append("    looked up by \(lookup)") }
        if let recorded = rules[model.model]?.recordedGroups {
            lines.append(
                "    recorded as groups: " + recorded.map(\.string).joined(separator: ", "))
        }
        for (name, property) in model.aliases.sorted(by: { $0.key.string < $1.key.string }) {
            lines.append("    \(name) stands for \(property)")
        }
        return lines
    }

    private static func asking(_ view: ModelPolicy.ViewRule) -> String {
        view.question.map { ", if the application allows it (\($0))" } ?? ""
    }
}
