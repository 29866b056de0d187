import Access
import Identity
import JWTKit
import Testing

/// A way to sign: the private key, and the public key as the configuration has it.
struct SigningWay {
    let algorithm: TokenIssuer.Algorithm
    let signer: any JWTAlgorithm
    let material: String

    static func all() async throws -> [SigningWay] {
        let rsa = try Insecure.RSA.PrivateKey(pem: SampleKeys.rsaPrivate)
        let es256 = ES256PrivateKey()
        let es384 = ES384PrivateKey()
        let es512 = ES512PrivateKey()
        let eddsa = try EdDSA.PrivateKey()
        let long = String(repeating: "long secret ", count: 8)
        func way(
            _ algorithm: TokenIssuer.Algorithm, _ keys: JWTKeyCollection, _ material: String
        ) async throws -> SigningWay {
            SigningWay(
                algorithm: algorithm, signer: try await keys.getKey(), material: material)
        }
        let keys = { JWTKeyCollection() }
        let hmac = HMACKey(from: long)
        return [
            try await way(.hs256, keys().add(hmac: hmac, digestAlgorithm: .sha256), long),
            try await way(.hs384, keys().add(hmac: hmac, digestAlgorithm: .sha384), long),
            try await way(.hs512, keys().add(hmac: hmac, digestAlgorithm: .sha512), long),
            try await way(
                .rs256, keys().add(rsa: rsa, digestAlgorithm: .sha256), SampleKeys.rsaPublic),
            try await way(
                .rs384, keys().add(rsa: rsa, digestAlgorithm: .sha384), SampleKeys.rsaPublic),
            try await way(
                .rs512, keys().add(rsa: rsa, digestAlgorithm: .sha512), SampleKeys.rsaPublic),
            try await way(.es256, keys().add(ecdsa: es256), es256.publicKey.pemRepresentation),
            try await way(.es384, keys().add(ecdsa: es384), es384.publicKey.pemRepresentation),
            try await way(.es512, keys().add(ecdsa: es512), es512.publicKey.pemRepresentation),
            try await way(.eddsa, keys().add(eddsa: eddsa), eddsa.publicKey.pemRepresentation),
        ]
    }
}

@Test func aTokenIsAcceptedByItsOwnKeyAndAlgorithmOnly() async throws {
    let ways = try await SigningWay.all()
    let keys = ways.map {
        TokenIssuer.Key(
            id: $0.algorithm.rawValue, algorithm: $0.algorithm, material: $0.material)
    }
    var trusted = issuer()
    trusted.keys = keys
    let server = try await authenticator(options(trusted))
    for way in ways {
        for named in ways {
            for said in ways {
                let token = try SampleToken().header("alg", "\"\(said.algorithm.rawValue)\"")
                    .header("kid", "\"\(named.algorithm.rawValue)\"").signed(by: way.signer)
                let isRight =
                    way.algorithm == named.algorithm && way.algorithm == said.algorithm
                let code: AuthenticationError.Code? = isRight ? nil : .notTrusted
                #expect(
                    await server.refusal(bearer: token) == code,
                    "\(way.algorithm), key of \(named.algorithm), says \(said.algorithm)")
            }
        }
    }
}

@Test func aPublicKeyIsNoSecret() async throws {
    let key = TokenIssuer.Key(id: "one", algorithm: .rs256, material: SampleKeys.rsaPublic)
    let server = try await authenticator(options(issuer("app", key)))
    for material in [SampleKeys.rsaPublic, SampleKeys.rsaPublic + "\n"] {
        for said in ["HS256", "RS256"] {
            let token = try await SampleToken().header("alg", "\"\(said)\"").signed(
                secret: material)
            #expect(await server.refusal(bearer: token) == .notTrusted)
        }
    }
}

@Test func emptyAndZeroSignaturesAreNone() async throws {
    for way in try await SigningWay.all() {
        let key = TokenIssuer.Key(id: "one", algorithm: way.algorithm, material: way.material)
        let server = try await authenticator(options(issuer("app", key)))
        let token = SampleToken().header("alg", "\"\(way.algorithm.rawValue)\"")
        let length = try way.signer.sign([1]).count
        for count in [0, 1, length - 1, length, length + 1] {
            let zeros = [UInt8](repeating: 0, count: count)
            let text = "\(token.text).\(Base64URL.text(zeros))"
            #expect(await server.refusal(bearer: text) == .notTrusted, "\(way.algorithm), \(count)")
        }
        let unsigned = "\(token.header("alg", "\"none\"").text)."
        #expect(await server.refusal(bearer: unsigned) == .notTrusted)
    }
}

@Test func issuersDoNotSignForEachOther() async throws {
    let one = SampleKeys.secret
    let two = "another secret for tests, of at least 32 bytes"
    let server = try await authenticator(
        options(
            issuer("app", secretKey("one", one)), issuer("other", secretKey("one", two))))
    let other = SampleToken().claim("iss", "\"other\"")
    #expect(try await server.refusal(bearer: SampleToken().signed(secret: one)) == nil)
    #expect(try await server.refusal(bearer: other.signed(secret: two)) == nil)
    #expect(try await server.refusal(bearer: SampleToken().signed(secret: two)) == .notTrusted)
    #expect(try await server.refusal(bearer: other.signed(secret: one)) == .notTrusted)
}

@Test func aKeyWithoutIDIsForTokensThatNameNone() async throws {
    let server = try await authenticator(options(issuer("app", secretKey(nil))))
    let unnamed = try await SampleToken().header("kid", nil).signed()
    #expect(await server.refusal(bearer: unnamed) == nil)
    #expect(try await server.refusal(bearer: SampleToken().signed()) == .notTrusted)
}

@Test func optionsThatCannotBeTrustedAreRefused() async throws {
    func key(
        _ algorithm: TokenIssuer.Algorithm, _ material: String, id: String? = "one"
    ) -> TokenIssuer.Key { TokenIssuer.Key(id: id, algorithm: algorithm, material: material) }
    var both = issuer("app", secretKey())
    both.keySet = .url("https://example.com/keys")
    var symmetric = issuer()
    symmetric.keySet = .url("https://example.com/keys")
    symmetric.algorithms = [.hs256, .rs256]
    var strange = issuer()
    strange.keySet = .url("file:///etc/passwd")
    strange.algorithms = [.rs256]
    var missing = issuer()
    missing.keySet = .file("/nowhere/keys.json")
    missing.algorithms = [.rs256]
    var everybody = issuer("app", secretKey())
    everybody.audience = ""
    let hidden = "hidden-secret-of-29-bytes-----"
    let cases: [(IdentityOptions, String)] = [
        (options(issuer("app", key(.hs256, hidden))), "at least 32 bytes"),
        (options(issuer("app", key(.hs384, hidden + hidden.prefix(10)))), "at least 48 bytes"),
        (options(issuer("app", key(.hs512, hidden + hidden))), "at least 64 bytes"),
        (options(issuer("app", key(.rs256, SampleKeys.shortRSAPublic))), "2048 bits"),
        (options(issuer("app", key(.rs256, SampleKeys.rsaPrivate))), "not a public key"),
        (options(issuer("app", key(.rs256, hidden))), "not a public key"),
        (options(issuer("app", key(.es256, SampleKeys.rsaPublic))), "not a public key"),
        (
            options(issuer("app", key(.eddsa, ES256PrivateKey().publicKey.pemRepresentation))),
            "EdDSA"
        ),
        (options(issuer("app", secretKey(), secretKey())), "two keys have the id"),
        (options(issuer("app", secretKey(nil), secretKey())), "a key without id"),
        (options(issuer("app", secretKey(nil), secretKey(nil))), "a key without id"),
        (options(issuer("app")), "has no keys"),
        (options(issuer("", secretKey())), "needs a name"),
        (options(issuer("app", secretKey()), issuer("app", secretKey())), "named twice"),
        (options(everybody), "needs an audience"),
        (options(both), "keys and a key set"),
        (options(symmetric), "not accepted"),
        (options(strange), "has to begin with"),
        (options(missing), "cannot be read"),
    ]
    for (options, part) in cases {
        do {
            _ = try await authenticator(options)
            Issue.record("accepted: \(part)")
        } catch let error as IdentityOptionsError {
            #expect(error.message.contains(part), "\(error.message)")
            #expect(!error.message.contains("hidden"), "\(error.message)")
        }
    }
}

@Test func whoShowsNothingIsAnonymous() async throws {
    let server = try await authenticator(IdentityOptions())
    #expect(try await server.principal(of: Credentials()) == .anonymous)
    #expect(try await server.principal(of: Credentials(cookie: "sessionid=1")) == .anonymous)
    #expect(try await server.refusal(bearer: SampleToken().signed()) == .notTrusted)
    #expect(await server.refusal(bearer: "llk_abcdefgh_x") == .notTrusted)
}

@Test func aRefusedBearerIsNotRescuedByACookie() async throws {
    let server = try await authenticator(options(issuer("app", secretKey())))
    #expect(await server.refusal(Credentials(bearer: "x", cookie: "sessionid=1")) == .malformed)
}

@Test func base64URLIsReadInOneFormOnly() {
    var generator = SystemRandomNumberGenerator()
    for count in 0..<70 {
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let text = Base64URL.text(bytes)
        #expect(Base64URL.bytes(text.utf8) == bytes)
        #expect(text.utf8.count == (count * 4 + 2) / 3)
    }
    for text in ["A", "AAAAA", "AB", "AAB", "AA==", "AA+A", "AA/A", "AA A", "AA\n"] {
        #expect(Base64URL.bytes(text.utf8) == nil, "\(text)")
    }
}
