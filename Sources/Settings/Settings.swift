package import Access
package import Identity
import Yams

/// Where a certificate and its key are.
package struct CertificateFiles: Hashable, Sendable {
    /// The chain in PEM.
    package let certificate: String
    /// The private key in PEM.
    package let key: String
}

/// What a configuration file says, checked as a whole.
package struct Settings: Sendable {
    /// Who may see and publish what.
    package private(set) var policy = AccessPolicy(isOpen: false)
    /// By what the server knows who a client is.
    package private(set) var identity = IdentityOptions()
    /// Which pages may connect.
    package private(set) var origins: [String] = []
    /// Proxies that say truly whom they pass on.
    package private(set) var trustedProxies = TrustedProxies()
    /// How much one client may have, and how often.
    package private(set) var limits = LimitSettings()
    /// What clients of django-rest-live find.
    package private(set) var restLive = RestLivePolicy()
    /// `HOST:PORT`, if the file says where to listen.
    package private(set) var listen: String?
    /// `HOST:PORT` of operations, if the file says where that is.
    package private(set) var operations: String?
    /// The files of the server's certificate and its key, if it has one.
    package private(set) var tls: CertificateFiles?
    /// The directory of the log, if the file names one.
    package private(set) var data: String?

    /// The most bytes of a configuration file.
    package static let byteCountMax = 1 << 20

    /// Reads the text of a configuration file.
    ///
    /// - Throws: all that is wrong.
    package init(yaml: String, files: any SettingsFiles) throws(SettingsError) {
        guard yaml.utf8.count <= Self.byteCountMax else {
            throw Self.failure("a configuration has at most \(Self.byteCountMax) bytes")
        }
        let reader = SettingsReader(files: files)
        let root: Node
        do {
            guard let node = try Yams.compose(yaml: yaml) else {
                throw Self.failure("the file is empty: name at least models")
            }
            root = node
        } catch let error as SettingsError {
            throw error
        } catch let error as YamlError {
            throw Self.failure(error)
        } catch {
            throw Self.failure("this is not YAML")
        }
        self.read(root, reader)
        guard reader.findings.isEmpty else { throw SettingsError(reader.findings) }
    }

    private mutating func read(_ root: Node, _ reader: SettingsReader) {
        let members = reader.members(
            root, "",
            known: [
                "api_keys", "connect_callback", "data", "decision_callback", "grants", "limits",
                "listen", "models", "operations", "origins", "rest_live", "tls", "tokens",
                "trusted_proxies", "unlisted_models",
            ])
        self.listen = members["listen"].flatMap { reader.text($0, "listen") }
        self.operations = members["operations"].flatMap { reader.text($0, "operations") }
        self.tls = members["tls"].flatMap { reader.tls($0, "tls") }
        self.data = members["data"].flatMap { reader.text($0, "data") }
        self.origins = members["origins"].map { Self.origins($0, reader) } ?? []
        self.identity.issuers = members["tokens"].map { reader.issuers($0, "tokens") } ?? []
        self.identity.apiKeysFile = members["api_keys"].flatMap { reader.existing($0, "api_keys") }
        self.identity.callback = members["connect_callback"].flatMap {
            reader.callback($0, "connect_callback")
        }
        self.identity.decisions = members["decision_callback"].flatMap {
            reader.decisions($0, "decision_callback")
        }
        self.trustedProxies = TrustedProxies(
            members["trusted_proxies"].map { reader.networks($0, "trusted_proxies") } ?? [])
        self.limits =
            members["limits"].map { reader.limits($0, "limits") } ?? LimitSettings()
        self.restLive =
            members["rest_live"].map { reader.restLive($0, "rest_live") } ?? RestLivePolicy()
        let models = members["models"].map { reader.models($0, "models") } ?? []
        if let node = members["models"], members["decision_callback"] == nil,
            models.flatMap(\.views).contains(where: { $0.question != nil })
        {
            reader.note(
                node, "models",
                "a rule asks the application: say where it is asked, decision_callback: {url: …, secret_file: …}"
            )
        }
        let grants = members["grants"].map { reader.grants($0, "grants") } ?? []
        var isOpen = false
        if let node = members["unlisted_models"] {
            switch reader.text(node, "unlisted_models") {
            case "open": isOpen = true
            case "closed", nil: break
            default:
                reader.note(
                    node, "unlisted_models",
                    "models that are not named are closed to everybody, or open to everybody")
            }
        }
        self.policy = AccessPolicy(models: models, grants: grants, isOpen: isOpen)
    }

    private static func origins(_ node: Node, _ reader: SettingsReader) -> [String] {
        return reader.texts(node, "origins").filter { origin in
            let isOne =
                (try? /https?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?/
                    .wholeMatch(in: origin)) != nil
            if !isOne {
                reader.note(
                    node, "origins",
                    "an origin is a scheme, a host and perhaps a port, https://app.example.com, and nothing else"
                )
            }
            return isOne
        }
    }

    private static func failure(_ reason: String) -> SettingsError {
        SettingsError(file: reason)
    }

    private static func failure(_ error: YamlError) -> SettingsError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            SettingsError([
                .init(
                    line: mark.line, column: mark.column, path: "",
                    reason: "this is not YAML: \(problem)")
            ])
        case .duplicatedKeysInMapping(let duplicates, let context):
            SettingsError([
                .init(
                    line: context.mark.line, column: context.mark.column, path: "",
                    reason:
                        "a name is there twice: \(duplicates.map(\.description).joined(separator: ", "))"
                )
            ])
        default: Self.failure("this is not YAML: \(error)")
        }
    }
}
