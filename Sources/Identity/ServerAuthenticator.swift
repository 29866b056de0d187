package import Access
import Glibc
package import Logging

/// Finds out who a client is, by everything that the options name.
///
/// A bearer counts before a cookie: who shows a token or key that is not good is refused, whatever else they show.
package struct ServerAuthenticator: Authenticator {
    private let tokens: TokenAuthenticator
    private let keys: APIKeyStore?
    private let callback: CallbackClient?

    /// Makes one. `clock` gives seconds since 1970-01-01T00:00:00Z; that of the system is the default.
    ///
    /// Throws if the options cannot be used; files that they name are read.
    package init(
        _ options: IdentityOptions, logger: Logger,
        clock: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
    ) async throws(IdentityOptionsError) {
        self.tokens = try await TokenAuthenticator(options.issuers, clock: clock, logger: logger)
        self.keys = try options.apiKeysFile.map { path throws(IdentityOptionsError) in
            try APIKeyStore(path: path, clock: clock, logger: logger)
        }
        self.callback = try options.callback.map { callback throws(IdentityOptionsError) in
            try CallbackClient(callback, clock: clock, logger: logger)
        }
    }

    /// Who has these credentials.
    package func principal(
        of credentials: Credentials
    ) async throws(AuthenticationError) -> Principal {
        if let bearer = credentials.bearer {
            guard bearer.hasPrefix(APIKey.prefix) else {
                return try await self.tokens.principal(of: bearer)
            }
            guard let keys else {
                throw AuthenticationError(.notTrusted, "this server accepts no API keys")
            }
            return try keys.principal(of: bearer)
        }
        guard let cookie = credentials.cookie, let callback else { return .anonymous }
        return try await callback.principal(ofCookie: cookie)
    }

    /// Whether the API key of a program still counts, and for the same; of others true.
    package func isKnown(_ principal: Principal) -> Bool {
        guard principal.origin == .apiKey else { return true }
        return self.keys?.isKnown(principal) ?? false
    }
}
