import Access
import Crypto
import Foundation
import Identity
import JWTKit
import LogModel
import Testing

/// Which tokens are believed.
struct TokenTests {
    private func refusal(
        of token: String, _ options: IdentityOptions = SignedText.options(),
        at now: Int64 = SignedText.now
    ) async throws -> AuthenticationError.Code? {
        let authenticator = try await ServerAuthenticator(options) { now }
        do {
            _ = try await authenticator.principal(of: Credentials(bearer: token))
            return nil
        } catch {
            #expect(!error.message.contains(SignedText.secret))
            #expect(token.utf8.count < 40 || !error.message.contains(token.suffix(20)))
            return error.code
        }
    }

    @Test func aGoodTokenSaysWhoItIs() async throws {
        let authenticator = try await ServerAuthenticator(SignedText.options()) { SignedText.now }
        let principal = try await authenticator.principal(
            of: Credentials(bearer: SignedText.token()))
        #expect(principal.origin == .token)
        #expect(principal.subject == "alice")
        #expect(principal.claims["team"] == .scalar(.number(3)))
        #expect(principal.claims["lists"] == .list([.number(1), .string("2")]))
        #expect(principal.claims["nested"] == nil)
        #expect(principal.scopes == ["tasks:read", "tasks:write"])
        #expect(!principal.isStaff)
        #expect(principal.expiry == SignedText.now + 3600 + 30)
        #expect(try await authenticator.principal(of: Credentials()) == .anonymous)
        #expect(try await authenticator.principal(of: Credentials(cookie: "a=b")) == .anonymous)
    }

    /// What is changed in the payload of a good token, and what that is answered.
    private static let payloads: [(from: String, to: String, AuthenticationError.Code?)] = [
        ("\"app\"", "\"other\"", .notTrusted),
        ("\"iss\":\"app\",", "", .notTrusted),
        ("\"aud\":\"livelog\"", "\"aud\":\"Livelog\"", .notAcceptable),
        ("\"aud\":\"livelog\"", "\"aud\":[\"a\",\"livelog\"]", nil),
        ("\"aud\":\"livelog\"", "\"aud\":[\"a\"]", .notAcceptable),
        ("\"aud\":\"livelog\",", "", .notAcceptable),
        ("\"sub\":\"alice\",", "", .notAcceptable),
        ("\"sub\":\"alice\"", "\"sub\":\"\"", .notAcceptable),
        ("\"sub\":\"alice\"", "\"sub\":7", .notAcceptable),
        (",\"exp\":1795003600", "", .notAcceptable),
        ("\"exp\":1795003600", "\"exp\":\"1795003600\"", .notAcceptable),
        ("\"exp\":1795003600", "\"exp\":1e30", .notAcceptable),
        ("\"exp\":1795003600", "\"exp\":1794999970", .expired),
        ("\"exp\":1795003600", "\"exp\":1794999971", nil),
        ("\"exp\":1795003600", "\"exp\":1795086430", nil),
        ("\"exp\":1795003600", "\"exp\":1795086431", .notAcceptable),
        ("\"iat\":1795000000,", "\"nbf\":1795000031,", .notYetValid),
        ("\"iat\":1795000000,", "\"nbf\":1795000030,", nil),
        ("\"iat\":1795000000", "\"iat\":1795000031", .notYetValid),
        ("\"iat\":1795000000,", "\"sub\":\"bob\",", .malformed),
        ("\"team\":3", "\"team\":", .malformed),
    ]

    @Test(arguments: payloads.indices)
    func eachClaimIsLookedAt(_ index: Int) async throws {
        let (from, to, code) = Self.payloads[index]
        let payload = SignedText.payload.replacing(from, with: to)
        #expect(payload != SignedText.payload)
        #expect(try await self.refusal(of: SignedText.token(payload: payload)) == code, "\(to)")
    }

    private static let headers: [(String, AuthenticationError.Code?)] = [
        (#"{"alg":"HS256"}"#, nil),
        (#"{"alg":"HS256","typ":"at+JWT"}"#, nil),
        (#"{"alg":"HS256","typ":"logout+jwt"}"#, .notAcceptable),
        (#"{"alg":"none"}"#, .notTrusted),
        (#"{"alg":"None"}"#, .notTrusted),
        (#"{"alg":"HS384"}"#, .notTrusted),
        (#"{"alg":"RS256"}"#, .notTrusted),
        (#"{"typ":"JWT"}"#, .malformed),
        (#"{"alg":7}"#, .malformed),
        (#"{"alg":"HS256","kid":7}"#, .malformed),
        (#"{"alg":"HS256","crit":["exp"]}"#, .notAcceptable),
        (#"{"alg":"HS256","jku":"https://a"}"#, .notAcceptable),
        (#"{"alg":"HS256","x5u":"https://a"}"#, .notAcceptable),
        (#"{"alg":"HS256","jwk":{}}"#, .notAcceptable),
        (#"{"alg":"HS256","x5c":[]}"#, .notAcceptable),
        (#"{"alg":"none","alg":"HS256"}"#, .malformed),
        ("not JSON", .malformed),
    ]

    @Test(arguments: headers.indices)
    func eachMemberOfAHeaderIsLookedAt(_ index: Int) async throws {
        let (header, code) = Self.headers[index]
        #expect(try await self.refusal(of: SignedText.token(header: header)) == code, "\(header)")
    }

    @Test func aTokenNamesItsKeyAndNoOtherIsTried() async throws {
        let options = SignedText.options(id: "a")
        func header(_ id: String) -> String { #"{"alg":"HS256","kid":"\#(id)"}"# }
        #expect(try await self.refusal(of: SignedText.token(header: header("a")), options) == nil)
        #expect(
            try await self.refusal(of: SignedText.token(header: header("b")), options)
                == .notTrusted)
        #expect(try await self.refusal(of: SignedText.token(), options) == .notTrusted)
    }

    @Test func whatIsNoTokenIsMalformed() async throws {
        let token = SignedText.token()
        for text in [
            "", "a", "a.b", "..", token + ".", String(repeating: "a", count: 9000), token + "=",
            token.replacing(".", with: ".."),
        ] {
            #expect(try await self.refusal(of: text) != nil, "\(text.prefix(40))")
        }
        // Without its signature, and with one of somebody else.
        let parts = token.split(separator: ".")
        #expect(try await self.refusal(of: "\(parts[0]).\(parts[1]).") == .malformed)
        #expect(
            try await self.refusal(
                of: SignedText.token(secret: "another secret of more than thirty-two bytes"))
                == .notTrusted)
    }

    private struct Claims: JWTPayload {
        var iss = "app"
        var aud = "livelog"
        var sub = "alice"
        var exp = SignedText.now + 3600

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    @Test func asymmetricKeysSignAndTheirPublicHalfIsNoSecret() async throws {
        let ecdsa = ES256PrivateKey()
        let eddsa = try EdDSA.PrivateKey()
        let keys = await JWTKeyCollection().add(ecdsa: ecdsa, kid: "ec").add(
            eddsa: eddsa, kid: "ed")
        let pem = ecdsa.publicKey.pemRepresentation
        let options = SignedText.options(.es256, pem)
        let token = try await keys.sign(Claims(), kid: "ec")
        #expect(try await self.refusal(of: token, options) == nil)
        // Signed by the other key, which the server does not have.
        let other = try await keys.sign(Claims(), kid: "ed")
        #expect(try await self.refusal(of: other, options) == .notTrusted)
        // What everybody can make who knows the public key.
        for header in [SignedText.header, #"{"alg":"ES256"}"#] {
            let forged = SignedText.token(header: header, secret: pem)
            #expect(try await self.refusal(of: forged, options) == .notTrusted)
        }
        // A signature of zeros, which once fooled a well-known library.
        let parts = token.split(separator: ".")
        let zeros = SignedText.base64URL(Data(repeating: 0, count: 64))
        #expect(
            try await self.refusal(of: "\(parts[0]).\(parts[1]).\(zeros)", options) == .notTrusted)
    }

    @Test(arguments: [
        (SignedText.options(.hs256, "short"), "at least 32 bytes"),
        (
            SignedText.options(
                .hs256, "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"),
            "PEM"
        ),
        (SignedText.options(.es256, "no PEM"), "ES256"),
        (SignedText.options(.rs256, "no PEM"), "2048"),
    ])
    func optionsThatCannotBeAreRefusedInWords(_ options: IdentityOptions, _ word: String) async {
        do {
            _ = try await ServerAuthenticator(options)
            Issue.record("it was taken")
        } catch {
            #expect(error.description.contains(word), "\(error)")
        }
    }

    @Test func aDevelopmentTokenIsAccepted() async throws {
        var token = DevelopmentToken(
            issuer: "app", audience: "livelog", subject: "a \"b\"", issued: SignedText.now,
            seconds: 60)
        let isTeamAdded = token.add("team", json: "[1,2]")
        #expect(isTeamAdded)
        let isSubjectAdded = token.add("sub", json: "1")
        #expect(!isSubjectAdded)
        let isBadAdded = token.add("x", json: "{")
        #expect(!isBadAdded)
        token.isStaff = true
        token.scopes = ["a", "b"]
        let authenticator = try await ServerAuthenticator(SignedText.options()) { SignedText.now }
        let principal = try await authenticator.principal(
            of: Credentials(bearer: token.signed(with: SignedText.secret)))
        #expect(principal.subject == "a \"b\"")
        #expect(principal.isStaff)
        #expect(principal.scopes == ["a", "b"])
        #expect(principal.claims["team"] == .list([.number(1), .number(2)]))
    }

    @Test func keysOfAJWKSAreFoundByTheirNames() async throws {
        let key = ES256PrivateKey()
        let parameters = try #require(key.parameters)
        var options = IdentityOptions()
        var issuer = TokenIssuer(issuer: "app", audience: "livelog")
        func url(_ text: String) -> String {
            text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
        issuer.keySet =
            #"{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","kid":"k","use":"sig","#
            + #""x":"\#(url(parameters.x))","y":"\#(url(parameters.y))"}]}"#
        options.issuers = [issuer]
        let keys = await JWTKeyCollection().add(ecdsa: key, kid: "k").add(
            ecdsa: ES256PrivateKey(), kid: "other")
        #expect(try await self.refusal(of: keys.sign(Claims(), kid: "k"), options) == nil)
        #expect(
            try await self.refusal(of: keys.sign(Claims(), kid: "other"), options) == .notTrusted)
    }
}
