import Access
import WireProtocol

/// What an issuer's tokens have to say, and who has one that does. The signature was checked before.
struct TokenRules: Sendable {
    /// The most bytes of a subject.
    static let subjectBytesMax = 256

    /// Who signed the token.
    let issuer: TokenIssuer

    /// Who has the token.
    func principal(of token: CompactToken, now: Int64) throws(AuthenticationError) -> Principal {
        let expiry = try self.expiry(of: token, now: now)
        guard self.isForUs(token) else {
            throw AuthenticationError(.notAcceptable, "the token's \"aud\" is not this server's")
        }
        guard let subject = token.text("sub"), !subject.isEmpty,
            subject.utf8.count <= Self.subjectBytesMax
        else {
            throw AuthenticationError(
                .notAcceptable,
                "the token's \"sub\" has to be a string of 1 to \(Self.subjectBytesMax) bytes")
        }
        let claims = token.payload
        let staff = claims.member(self.issuer.staffClaim, of: claims.root)
        return Principal(
            origin: .token, subject: subject,
            claims: ClaimReader.claims(of: claims.root, in: claims),
            scopes: ClaimReader.scopes(
                claims.member(self.issuer.scopeClaim, of: claims.root), in: claims),
            isStaff: staff.flatMap(claims.boolean) ?? false, expiry: expiry)
    }

    /// When the token is no longer good, the skew included.
    private func expiry(of token: CompactToken, now: Int64) throws(AuthenticationError) -> Int64 {
        let skew = self.issuer.skewSeconds
        guard let expiry = try Self.seconds("exp", of: token) else {
            throw AuthenticationError(.notAcceptable, "the token has no \"exp\"")
        }
        let notBefore = try Self.seconds("nbf", of: token)
        let issued = try Self.seconds("iat", of: token)
        guard now < expiry + skew else {
            throw AuthenticationError(.expired, "the token has expired; get a new one")
        }
        if let notBefore, notBefore > now + skew {
            throw AuthenticationError(.notYetValid, "the token is good only later, by its \"nbf\"")
        }
        if let issued, issued > now + skew {
            throw AuthenticationError(
                .notYetValid,
                "the token was issued in the future, by its \"iat\"; compare the clocks")
        }
        guard expiry - (issued ?? now) <= self.issuer.lifetimeSecondsMax else {
            throw AuthenticationError(
                .notAcceptable,
                "the token is good for more than \(self.issuer.lifetimeSecondsMax) seconds")
        }
        return expiry + skew
    }

    private func isForUs(_ token: CompactToken) -> Bool {
        let claims = token.payload
        guard let node = claims.member("aud", of: claims.root) else { return false }
        let audiences = claims.kind(of: node) == .array ? claims.elements(of: node) : [node]
        return audiences.contains { claims.string($0) == self.issuer.audience }
    }

    /// A claim that is a time, in whole seconds since 1970, rounded down; nil if there is none.
    private static func seconds(
        _ claim: String, of token: CompactToken
    ) throws(AuthenticationError) -> Int64? {
        let claims = token.payload
        guard let node = claims.member(claim, of: claims.root) else { return nil }
        // Far enough for every clock, and no sum or difference of two overflows.
        guard claims.kind(of: node) == .number,
            let seconds = Double(String(decoding: claims.rawText(of: node), as: UTF8.self)),
            abs(seconds) <= 1e15
        else {
            throw AuthenticationError(
                .notAcceptable, "the token's \"\(claim)\" is not a number of seconds since 1970")
        }
        return Int64(seconds.rounded(.down))
    }
}
