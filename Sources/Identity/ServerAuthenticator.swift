package import Access
import Glibc

/// Finds out who clients are by what a configuration says: tokens of known issuers, and API keys.
package struct ServerAuthenticator: Authenticator {
    private let verifier: TokenVerifier
    private let keys: APIKeySet
    private let clock: @Sendable () -> Int64

    /// Makes ready what `options` names.
    ///
    /// - Parameter clock: gives the seconds since 1970-01-01T00:00:00Z.
    package init(
        _ options: IdentityOptions, clock: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
    ) async throws(IdentityError) {
        self.verifier = try await TokenVerifier(options.issuers)
        self.keys = options.apiKeys
        self.clock = clock
    }

    /// Who has `credentials`; a cookie says nothing here.
    package func principal(
        of credentials: Credentials
    ) async throws(AuthenticationError) -> Principal {
        guard let bearer = credentials.bearer else { return .anonymous }
        if bearer.hasPrefix(APIKey.prefix) { return try self.keys.principal(of: bearer) }
        return try await self.verifier.principal(of: bearer, at: self.clock())
    }
}
