import Access
import FoundationEssentials
import Identity
import JWTKit
import Logging
import Synchronization

/// A token that is put together member by member, so that each can be wrong. Values are JSON.
struct SampleToken {
    /// The time at which the tests are: 2033-05-18.
    static let now: Int64 = 2_000_000_000

    var header = [("alg", "\"HS256\""), ("typ", "\"JWT\""), ("kid", "\"one\"")]
    var claims = [
        ("iss", "\"app\""), ("aud", "\"livelog\""), ("sub", "\"7\""),
        ("iat", "\(Self.now)"), ("exp", "\(Self.now + 600)"),
    ]

    /// Gives a member of the header another value; nil takes it away.
    func header(_ name: String, _ json: String?) -> Self {
        var copy = self
        copy.header = Self.changed(copy.header, name, json)
        return copy
    }

    /// Gives a claim another value; nil takes it away.
    func claim(_ name: String, _ json: String?) -> Self {
        var copy = self
        copy.claims = Self.changed(copy.claims, name, json)
        return copy
    }

    /// What is signed.
    var text: String {
        [self.header, self.claims].map { members in
            let json = members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
            return Base64URL.text(Array("{\(json)}".utf8))
        }.joined(separator: ".")
    }

    /// The token with a signature by `key`.
    func signed(by key: any JWTAlgorithm) throws -> String {
        "\(self.text).\(Base64URL.text(try key.sign(Array(self.text.utf8))))"
    }

    /// The token with a signature by HS256.
    func signed(secret: String = SampleKeys.secret) async throws -> String {
        try self.signed(by: await hmac(secret))
    }

    private static func changed(
        _ members: [(String, String)], _ name: String, _ json: String?
    ) -> [(String, String)] {
        guard let json else { return members.filter { $0.0 != name } }
        guard members.contains(where: { $0.0 == name }) else { return members + [(name, json)] }
        return members.map { $0.0 == name ? (name, json) : $0 }
    }
}

/// HMAC-SHA256 with a secret.
func hmac(_ secret: String) async throws -> any JWTAlgorithm {
    try await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256).getKey()
}

/// A clock that is put forward by tests.
final class TestClock: Sendable {
    private let seconds = Atomic(SampleToken.now)

    var now: Int64 { self.seconds.load(ordering: .relaxed) }

    func advance(_ seconds: Int64) {
        self.seconds.add(seconds, ordering: .relaxed)
    }
}

let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

/// The options that trust `issuers`.
func options(_ issuers: TokenIssuer...) -> IdentityOptions {
    var options = IdentityOptions()
    options.issuers = issuers
    return options
}

/// The issuer "app" with these keys.
func issuer(_ name: String = "app", _ keys: TokenIssuer.Key...) -> TokenIssuer {
    var issuer = TokenIssuer(issuer: name, audience: "livelog")
    issuer.keys = keys
    return issuer
}

/// A key for HS256.
func secretKey(_ id: String? = "one", _ secret: String = SampleKeys.secret) -> TokenIssuer.Key {
    TokenIssuer.Key(id: id, algorithm: .hs256, material: secret)
}

extension ServerAuthenticator {
    /// The code with which `credentials` are refused; nil if they are accepted.
    func refusal(_ credentials: Credentials) async -> AuthenticationError.Code? {
        do {
            _ = try await self.principal(of: credentials)
            return nil
        } catch {
            return error.code
        }
    }

    /// The code with which a bearer is refused; nil if it is accepted.
    func refusal(bearer: String) async -> AuthenticationError.Code? {
        await self.refusal(Credentials(bearer: bearer))
    }
}

/// Makes an authenticator at the time of the tests.
func authenticator(
    _ options: IdentityOptions, clock: TestClock = TestClock()
) async throws -> ServerAuthenticator {
    try await ServerAuthenticator(options, logger: quiet) { clock.now }
}
