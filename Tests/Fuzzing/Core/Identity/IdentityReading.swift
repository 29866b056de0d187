package import Access
import WireProtocol

// The other files here are links: what of `Identity` reads text from outside, and needs no library for that. Signatures,
// which jwt-kit checks, are not fuzzed.

/// What comes from outside to say who somebody is, before anything of it is believed.
package enum IdentityReading {
    /// Takes a token apart. Returns a number that depends on all of it, or why it is none.
    package static func token(_ text: String) -> Result<Int, AuthenticationError> {
        do throws(AuthenticationError) {
            let token = try CompactToken(text)
            let claims = ClaimReader.claims(of: token.payload.root, in: token.payload)
            let scope = token.payload.member("scope", of: token.payload.root)
            let scopes = ClaimReader.scopes(scope, in: token.payload)
            let values = claims.values.reduce(0) { $0 + $1.values.count }
            let issuer = TokenIssuer(issuer: token.text("iss") ?? "", audience: "livelog")
            let principal = try? TokenRules(issuer: issuer).principal(of: token, now: 1_000_000)
            return .success(
                token.signature.count + token.signed.count + values + scopes.count
                    + (principal?.subject.utf8.count ?? 0))
        } catch {
            return .failure(error)
        }
    }

    /// The most claims, and values of claims, of a principal.
    package static let claimsMax = ClaimReader.claimsMax + ClaimReader.listValuesMax

    /// How many keys there are in a key set, or why it is none.
    package static func keySet(_ bytes: [UInt8]) -> Result<Int, IdentityOptionsError> {
        do throws(IdentityOptionsError) {
            let algorithms = Set(TokenIssuer.Algorithm.allCases)
            return .success(
                try JSONWebKey.keys(of: bytes, algorithms: algorithms, subject: "set").count)
        } catch {
            return .failure(error)
        }
    }

    /// The most keys of a set.
    package static let keysMax = JSONWebKey.countMax

    /// Who an application says that somebody is; nil if it does not.
    package static func answer(_ bytes: [UInt8], now: Int64) -> Principal? {
        CallbackAnswer(bytes, now: now)?.principal
    }

    /// The values of cookies; nil if there are too many bytes of them.
    package static func cookies(of names: Set<String>, in header: String) -> [String: String]? {
        try? CookieHeader.values(of: names, in: header)
    }

    /// A key of the file of keys, and the line that it is written as; nil if the line is none.
    package static func key(line: [UInt8]) -> (key: APIKey, line: [UInt8])? {
        APIKey(line: line).map { ($0, $0.line) }
    }
}
