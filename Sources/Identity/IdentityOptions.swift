/// By what the server knows who a client is.
package struct IdentityOptions: Sendable {
    /// Who signs tokens that are accepted.
    package var issuers: [TokenIssuer] = []
    /// The file of API keys, which holds digests; nil for none.
    package var apiKeysFile: String?
    /// Where the application is asked; nil if it is not.
    package var callback: ConnectCallback?
    /// Where the application is asked who may see what; nil if it is not.
    package var decisions: DecisionCallback?

    /// Creates options by which everybody is anonymous.
    package init() {}
}

/// Who signs tokens, and what is expected of them.
package struct TokenIssuer: Sendable {
    /// How tokens are signed. A key has one of these, and what a token says of it counts for nothing.
    package enum Algorithm: String, Sendable, CaseIterable {
        case hs256 = "HS256"
        case hs384 = "HS384"
        case hs512 = "HS512"
        case rs256 = "RS256"
        case rs384 = "RS384"
        case rs512 = "RS512"
        case es256 = "ES256"
        case es384 = "ES384"
        case es512 = "ES512"
        case eddsa = "EdDSA"

        /// Whether who checks could also sign.
        package var isSymmetric: Bool { self.rawValue.hasPrefix("HS") }
    }

    /// A key that is written in the configuration.
    package struct Key: Sendable {
        /// What a token names it by; nil for the only key of an issuer, whose tokens name none.
        package let id: String?
        /// How it signs.
        package let algorithm: Algorithm
        /// The secret (HS*), or a public key as PEM.
        package let material: String

        /// Creates a key.
        package init(id: String?, algorithm: Algorithm, material: String) {
            self.id = id
            self.algorithm = algorithm
            self.material = material
        }
    }

    /// Where a JWKS is.
    package enum KeySet: Hashable, Sendable {
        case file(String)
        case url(String)
    }

    /// The `iss` of its tokens.
    package var issuer: String
    /// The `aud` that its tokens have to have.
    package var audience: String
    /// Its keys, if they are in the configuration.
    package var keys: [Key] = []
    /// Where its keys are, otherwise.
    package var keySet: KeySet?
    /// The algorithms that keys of the key set may have.
    package var algorithms: Set<Algorithm> = []
    /// The claim that is true for the staff.
    package var staffClaim = "is_staff"
    /// The claim with the scopes: a list, or words in one string.
    package var scopeClaim = "scope"
    /// Seconds that its clock and the server's may differ. Default 30.
    package var skewSeconds: Int64 = 30
    /// The most seconds that a token may be good for. Default a day.
    package var lifetimeSecondsMax: Int64 = 86_400

    /// Creates an issuer without keys.
    package init(issuer: String, audience: String) {
        self.issuer = issuer
        self.audience = audience
    }
}

/// How the application is asked who a client is.
package struct ConnectCallback: Sendable {
    /// Where it is asked, by POST.
    package var url: String
    /// With what requests are signed: at least 32 bytes.
    package var secret: String
    /// The cookies that are passed on; no others are.
    package var cookies: [String] = []
    /// Seconds that it may take. Default 2.
    package var timeoutSeconds = 2
    /// Seconds that an answer counts. Default 30.
    package var cacheSeconds = 30
    /// Answers that are kept. Default 10,000.
    package var cachedMax = 10_000

    /// Creates a callback.
    package init(url: String, secret: String) {
        self.url = url
        self.secret = secret
    }
}

/// How the application is asked who may see a record.
package struct DecisionCallback: Sendable {
    /// Where it is asked, by POST.
    package var url: String
    /// With what requests are signed: at least 32 bytes.
    package var secret: String
    /// Seconds that it may take. Default 2.
    package var timeoutSeconds = 2

    /// Creates a callback.
    package init(url: String, secret: String) {
        self.url = url
        self.secret = secret
    }
}
