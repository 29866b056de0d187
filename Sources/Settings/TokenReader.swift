import Identity
import Yams

extension SettingsReader {
    /// Who signs tokens.
    func issuers(_ node: Node, _ path: String) -> [TokenIssuer] {
        self.elements(node, path).enumerated().compactMap { index, element in
            self.issuer(element, "\(path)[\(index)]")
        }
    }

    private func issuer(_ node: Node, _ path: String) -> TokenIssuer? {
        let members = self.members(
            node, path,
            known: [
                "algorithms", "audience", "clock_skew", "issuer", "jwks_file", "jwks_url", "keys",
                "lifetime_max", "scope_claim", "staff_claim",
            ])
        guard let nameNode = members["issuer"], let audienceNode = members["audience"] else {
            self.note(
                node, path, "who signs tokens has an issuer (their iss) and an audience (their aud)"
            )
            return nil
        }
        guard let name = self.text(nameNode, "\(path).issuer"),
            let audience = self.text(audienceNode, "\(path).audience")
        else { return nil }
        var issuer = TokenIssuer(issuer: name, audience: audience)
        if let node = members["keys"] { issuer.keys = self.keys(node, "\(path).keys") }
        if let node = members["jwks_file"], let file = self.existing(node, "\(path).jwks_file") {
            issuer.keySet = .file(file)
        }
        if let node = members["jwks_url"], let url = self.text(node, "\(path).jwks_url") {
            issuer.keySet = .url(url)
        }
        if let node = members["algorithms"] {
            issuer.algorithms = self.algorithms(node, "\(path).algorithms")
        }
        let sources = ["keys", "jwks_file", "jwks_url"].filter { members[$0] != nil }
        if sources.count != 1 {
            self.note(node, path, "an issuer has keys, or a jwks_file, or a jwks_url: one of these")
        }
        if issuer.keySet != nil, issuer.algorithms.isEmpty {
            self.note(
                node, path, "say which algorithms keys of the key set may have: algorithms: [RS256]"
            )
        }
        if let node = members["staff_claim"], let claim = self.text(node, "\(path).staff_claim") {
            issuer.staffClaim = claim
        }
        if let node = members["scope_claim"], let claim = self.text(node, "\(path).scope_claim") {
            issuer.scopeClaim = claim
        }
        if let node = members["clock_skew"],
            let seconds = self.number(node, "\(path).clock_skew", in: 0...300)
        {
            issuer.skewSeconds = Int64(seconds)
        }
        if let node = members["lifetime_max"],
            let seconds = self.number(node, "\(path).lifetime_max", in: 1...31_536_000)
        {
            issuer.lifetimeSecondsMax = Int64(seconds)
        }
        return issuer
    }

    private func algorithms(_ node: Node, _ path: String) -> Set<TokenIssuer.Algorithm> {
        Set(
            self.texts(node, path).compactMap { word in
                guard let algorithm = TokenIssuer.Algorithm(rawValue: word),
                    !algorithm.isSymmetric
                else {
                    self.note(
                        node, path,
                        "\"\(word)\" cannot be one of a key set: there are "
                            + TokenIssuer.Algorithm.allCases.filter { !$0.isSymmetric }
                            .map(\.rawValue).joined(separator: ", "))
                    return nil
                }
                return algorithm
            })
    }

    /// How the application is asked who has a cookie.
    func callback(_ node: Node, _ path: String) -> ConnectCallback? {
        let members = self.members(
            node, path, known: ["cache", "cookies", "secret_file", "timeout", "url"])
        guard let urlNode = members["url"], let secretNode = members["secret_file"],
            let cookiesNode = members["cookies"]
        else {
            self.note(
                node, path,
                "the application is asked at a url, about cookies, signed by a secret_file")
            return nil
        }
        guard let url = self.text(urlNode, "\(path).url"),
            let secret = self.file(secretNode, "\(path).secret_file")
        else { return nil }
        var callback = ConnectCallback(url: url, secret: secret)
        callback.cookies = self.texts(cookiesNode, "\(path).cookies")
        if let node = members["timeout"],
            let seconds = self.number(node, "\(path).timeout", in: 1...10)
        {
            callback.timeoutSeconds = seconds
        }
        if let node = members["cache"],
            let seconds = self.number(node, "\(path).cache", in: 0...3600)
        {
            callback.cacheSeconds = seconds
        }
        return callback
    }

    /// How the application is asked who may see a record.
    func decisions(_ node: Node, _ path: String) -> DecisionCallback? {
        let members = self.members(node, path, known: ["secret_file", "timeout", "url"])
        guard let urlNode = members["url"], let secretNode = members["secret_file"] else {
            self.note(node, path, "the application is asked at a url, signed by a secret_file")
            return nil
        }
        guard let url = self.text(urlNode, "\(path).url"),
            let secret = self.file(secretNode, "\(path).secret_file")
        else { return nil }
        var callback = DecisionCallback(url: url, secret: secret)
        if let node = members["timeout"],
            let seconds = self.number(node, "\(path).timeout", in: 1...10)
        {
            callback.timeoutSeconds = seconds
        }
        return callback
    }

    private func keys(_ node: Node, _ path: String) -> [TokenIssuer.Key] {
        self.elements(node, path).enumerated().compactMap { index, element in
            let path = "\(path)[\(index)]"
            let members = self.members(
                element, path, known: ["algorithm", "id", "public_key_file", "secret_file"])
            guard let algorithmNode = members["algorithm"],
                let word = self.text(algorithmNode, "\(path).algorithm")
            else {
                self.note(
                    element, path,
                    "a key has an algorithm: HS256, RS256, ES256 or EdDSA, for instance")
                return nil
            }
            guard let algorithm = TokenIssuer.Algorithm(rawValue: word) else {
                self.note(
                    algorithmNode, "\(path).algorithm",
                    "there are "
                        + TokenIssuer.Algorithm.allCases.map(\.rawValue).joined(separator: ", "))
                return nil
            }
            let wanted = algorithm.isSymmetric ? "secret_file" : "public_key_file"
            let other = algorithm.isSymmetric ? "public_key_file" : "secret_file"
            guard let fileNode = members[wanted], members[other] == nil else {
                self.note(element, path, "a key for \(word) is in a \(wanted), and nothing else")
                return nil
            }
            guard let material = self.file(fileNode, "\(path).\(wanted)") else { return nil }
            let id = members["id"].flatMap { self.text($0, "\(path).id") }
            return TokenIssuer.Key(id: id, algorithm: algorithm, material: material)
        }
    }
}
