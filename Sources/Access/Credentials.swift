/// What a client says to show who it is.
package struct Credentials: Hashable, Sendable {
    /// A token or a key: of `Authorization: Bearer`, of a subprotocol `bearer.…`, or of an `authenticate` message.
    package var bearer: String?
    /// The header `Cookie`, as it came.
    package var cookie: String?

    /// Creates credentials.
    package init(bearer: String? = nil, cookie: String? = nil) {
        self.bearer = bearer
        self.cookie = cookie
    }

    /// Whether nothing was said.
    package var isEmpty: Bool { self.bearer == nil && self.cookie == nil }
}

/// Finds out who a client is.
package protocol Authenticator: Sendable {
    /// Who has these credentials; ``Principal/anonymous`` if there are none.
    ///
    /// Throws why they are not accepted. May wait for keys or for the application; an answer that does not come is a
    /// refusal.
    func principal(of credentials: Credentials) async throws(AuthenticationError) -> Principal

    /// Whether `principal`, whom it has found out about before, is still who they were, as far as it can say at once.
    /// Asked now and then of those who are connected.
    func isKnown(_ principal: Principal) -> Bool
}

extension Authenticator {
    /// True: whoever was known stays so until their token expires.
    package func isKnown(_ principal: Principal) -> Bool { true }
}

/// Why credentials are not accepted.
package struct AuthenticationError: Error, Hashable, Sendable {
    /// The reason, for programs.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// It is no token and no key.
        case malformed = "malformed-credentials"
        /// Its key is not known, or its signature is not that key's.
        case notTrusted = "untrusted-credentials"
        /// It was good until a while ago.
        case expired = "expired-credentials"
        /// It is good from a later time on.
        case notYetValid = "credentials-not-yet-valid"
        /// It is for somebody else, or says what this server does not accept.
        case notAcceptable = "unacceptable-credentials"
        /// The key was revoked.
        case revoked = "revoked-credentials"
        /// Who knows cannot be asked at the moment.
        case unavailable = "authentication-unavailable"
    }

    /// The reason, for programs.
    package let code: Code
    /// What is wrong and what to do, for people; never a part of what was sent.
    package let message: String

    /// Creates an error.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
