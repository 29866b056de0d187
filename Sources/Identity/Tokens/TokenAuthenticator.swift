import Access
import Logging

/// Finds out who has a signed token.
struct TokenAuthenticator: Sendable {
    private enum Keys: Sendable {
        case fixed(KeyRing)
        case changing(KeySetCache)
    }

    private struct Trusted: Sendable {
        let rules: TokenRules
        let keys: Keys
    }

    private let issuers: [String: Trusted]
    private let clock: @Sendable () -> Int64

    /// Makes one for these issuers. Throws if they cannot be trusted as they are described.
    init(
        _ issuers: [TokenIssuer], clock: @escaping @Sendable () -> Int64, logger: Logger
    ) async throws(IdentityOptionsError) {
        var trusted: [String: Trusted] = [:]
        for issuer in issuers {
            let subject = "issuer \"\(issuer.issuer)\""
            try Self.check(issuer, subject: subject)
            let keys: Keys
            if let keySet = issuer.keySet {
                let cache = KeySetCache(
                    keySet, algorithms: issuer.algorithms, subject: subject, clock: clock,
                    logger: logger)
                try await cache.prepare()
                keys = .changing(cache)
            } else {
                var made: [VerificationKey] = []
                for key in issuer.keys {
                    let name = key.id.map { "key \"\($0)\"" } ?? "its key"
                    made.append(
                        try await VerificationKey(key, subject: "\(subject), \(name)"))
                }
                keys = .fixed(try KeyRing(made, subject: subject))
            }
            let entry = Trusted(rules: TokenRules(issuer: issuer), keys: keys)
            guard trusted.updateValue(entry, forKey: issuer.issuer) == nil else {
                throw IdentityOptionsError("\(subject) is named twice; give it all its keys once")
            }
        }
        self.issuers = trusted
        self.clock = clock
    }

    /// Who has this token.
    func principal(of token: String) async throws(AuthenticationError) -> Principal {
        guard !self.issuers.isEmpty else {
            throw AuthenticationError(.notTrusted, "this server accepts no tokens")
        }
        let token = try CompactToken(token)
        guard let issuer = token.text("iss").flatMap({ self.issuers[$0] }) else {
            throw AuthenticationError(.notTrusted, "the token's \"iss\" is not trusted here")
        }
        let key: VerificationKey?
        switch issuer.keys {
        case .fixed(let ring): key = ring.key(token.keyID)
        case .changing(let cache): key = try await cache.key(token.keyID)
        }
        guard let key else {
            throw AuthenticationError(
                .notTrusted,
                token.keyID == nil
                    ? "the token does not name its key, by \"kid\" in its header"
                    : "the token's \"kid\" is not a key of its issuer")
        }
        guard token.algorithm == key.algorithm.rawValue else {
            throw AuthenticationError(.notTrusted, "the token's \"alg\" is not that of its key")
        }
        guard key.verifies(token.signature, of: token.signed) else {
            throw AuthenticationError(.notTrusted, "the token's signature is not that of its key")
        }
        return try issuer.rules.principal(of: token, now: self.clock())
    }

    private static func check(
        _ issuer: TokenIssuer, subject: String
    ) throws(IdentityOptionsError) {
        let fault: String? =
            if issuer.issuer.isEmpty {
                "an issuer needs a name: what its tokens have as \"iss\""
            } else if issuer.audience.isEmpty {
                "\(subject) needs an audience: what its tokens have as \"aud\""
            } else if issuer.keys.isEmpty == (issuer.keySet == nil) {
                issuer.keys.isEmpty
                    ? "\(subject) has no keys: name keys, or a key set"
                    : "\(subject) has keys and a key set: name one of both"
            } else if issuer.keySet != nil, !issuer.algorithms.contains(where: { !$0.isSymmetric })
            {
                "\(subject) has a key set: name the algorithms with public keys that it may have"
            } else if issuer.keySet != nil, issuer.algorithms.contains(where: \.isSymmetric) {
                "\(subject) has a key set, in which HS256, HS384 and HS512 are not accepted"
            } else if case .url(let url) = issuer.keySet, !HTTPExchange.canAsk(url) {
                "\(subject): the key set's URL has to begin with http:// or https://, and have a host"
            } else if !(0...300).contains(issuer.skewSeconds) {
                "\(subject): the skew has to be 0 to 300 seconds"
            } else if !(1...31_536_000).contains(issuer.lifetimeSecondsMax) {
                "\(subject): the longest lifetime has to be 1 second to 365 days"
            } else {
                nil
            }
        if let fault { throw IdentityOptionsError(fault) }
    }
}
