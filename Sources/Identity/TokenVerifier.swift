import Access
import FoundationEssentials
import JWTKit

/// Believes tokens, or not: by their issuer's keys, and by what they say of themselves.
struct TokenVerifier: Sendable {
    private static let subjectByteCountMax = 256

    private struct Issuer: Sendable {
        let options: TokenIssuer
        let keys: [SigningKey]

        /// The key that a token names. If keys have names it has to name one of them.
        func key(named id: String?) -> SigningKey? {
            if self.keys.contains(where: { $0.id != nil }) {
                return self.keys.first { $0.id == id && id != nil }
            }
            // Without names there is one key, whatever the token calls it.
            return self.keys.first
        }
    }

    private let issuers: [String: Issuer]

    /// Makes ready the keys of `issuers`.
    init(_ issuers: [TokenIssuer]) async throws(IdentityError) {
        var ready: [String: Issuer] = [:]
        for issuer in issuers {
            guard ready[issuer.issuer] == nil else {
                throw IdentityError("issuer \(issuer.issuer) is there twice")
            }
            let keys = try await Self.keys(of: issuer)
            ready[issuer.issuer] = Issuer(options: issuer, keys: keys)
        }
        self.issuers = ready
    }

    private static func keys(of issuer: TokenIssuer) async throws(IdentityError) -> [SigningKey] {
        var keys: [SigningKey] = []
        for key in issuer.keys { keys.append(try await SigningKey(key, of: issuer.issuer)) }
        if let text = issuer.keySet {
            guard let set = try? JSONDecoder().decode(JWKS.self, from: Data(text.utf8)) else {
                throw IdentityError("the JWKS of \(issuer.issuer) is none (RFC 7517)")
            }
            for key in set.keys { keys.append(try await SigningKey(key, of: issuer.issuer)) }
        }
        guard !keys.isEmpty else { throw IdentityError("issuer \(issuer.issuer) has no keys") }
        let ids = keys.compactMap(\.id)
        guard Set(ids).count == ids.count else {
            throw IdentityError("issuer \(issuer.issuer) has two keys of one id")
        }
        guard keys.count == 1 || ids.count == keys.count else {
            throw IdentityError("issuer \(issuer.issuer) has several keys: each needs an id")
        }
        return keys
    }

    /// Who has `text`, at `now`, in seconds since 1970.
    func principal(of text: String, at now: Int64) async throws(AuthenticationError) -> Principal {
        let token = try JSONWebToken(text)
        guard let name = token.string("iss"), let issuer = self.issuers[name],
            let key = issuer.key(named: token.keyID)
        else {
            throw .init(
                .notTrusted,
                "the token is not by an issuer and a key (iss, kid) that are known here")
        }
        // Checked again by the key, which knows no other.
        guard token.algorithm == key.algorithm.rawValue, await key.hasSigned(text) else {
            throw .init(.notTrusted, "the token's signature is not by the key that it names")
        }
        return try Self.principal(token, issuer.options, at: now)
    }

    private static func principal(
        _ token: JSONWebToken, _ issuer: TokenIssuer, at now: Int64
    ) throws(AuthenticationError) -> Principal {
        let skew = issuer.skewSeconds
        guard let expiry = try token.seconds("exp") else {
            throw .init(.notAcceptable, "the token has no exp: it has to end some time")
        }
        guard now < expiry + skew else { throw .init(.expired, "the token has expired") }
        if let start = try token.seconds("nbf"), now < start - skew {
            throw .init(.notYetValid, "the token is not valid yet (nbf)")
        }
        let issued = try token.seconds("iat")
        if let issued, now < issued - skew {
            throw .init(.notYetValid, "the token is issued in the future (iat)")
        }
        guard expiry - (issued ?? now) <= issuer.lifetimeSecondsMax + skew else {
            throw .init(
                .notAcceptable,
                "the token is good for more than \(issuer.lifetimeSecondsMax) seconds")
        }
        guard token.isFor(issuer.audience) else {
            throw .init(.notAcceptable, "the token is for somebody else (aud)")
        }
        guard let subject = token.string("sub"),
            (1...Self.subjectByteCountMax).contains(subject.utf8.count)
        else {
            throw .init(
                .notAcceptable,
                "the token's sub is a string of 1 to \(Self.subjectByteCountMax) bytes")
        }
        return Principal(
            origin: .token, subject: subject, claims: token.claims,
            scopes: token.names(issuer.scopeClaim), isStaff: token.isTrue(issuer.staffClaim),
            expiry: expiry + skew)
    }
}
