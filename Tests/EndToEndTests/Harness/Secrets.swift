import Testing

/// What must never stand in anything that a server says.
enum Secrets {
    /// Part of every secret that tests make up.
    static let canary = "canary"

    /// The secrets in a text: canaries, tokens, keys of the server's own, private keys.
    static func found(in text: String) -> [String] {
        let canaries = text.matches(of: /[A-Za-z0-9_.-]*canary[A-Za-z0-9_.-]*/).map {
            String($0.output)
        }
        let tokens = text.matches(of: /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/).map {
            String($0.output)
        }
        let keys = text.matches(of: /llk_[A-Za-z0-9-]+_[A-Za-z0-9_-]{16,}/).map {
            String($0.output)
        }
        let privateKeys = text.contains("PRIVATE KEY") ? ["a private key"] : []
        return canaries + tokens + keys + privateKeys
    }
}

/// Expects that nothing secret is in what a server wrote to its error output.
func expectNoSecrets(in text: String, of what: String) {
    #expect(Secrets.found(in: text) == [], "in \(what)")
}
