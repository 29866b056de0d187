import FoundationEssentials
import JWTKit

/// One key that signs tokens, with the one algorithm that it signs by. What a token says of its algorithm counts for
/// nothing, and no other key is ever tried in its place.
struct SigningKey: Sendable {
    private static let secretByteCountMin = 32

    /// What tokens name it by; nil for the only key of its issuer.
    let id: String?
    let algorithm: TokenIssuer.Algorithm
    /// Has this key, and no other.
    private let collection: JWTKeyCollection

    /// Makes ready a key of the configuration.
    init(_ key: TokenIssuer.Key, of issuer: String) async throws(IdentityError) {
        self.id = key.id
        self.algorithm = key.algorithm
        self.collection = JWTKeyCollection()
        let name = "key \(key.id.map { "\"\($0)\" " } ?? "")of \(issuer)"
        do {
            try await Self.add(key, to: self.collection)
        } catch let error as IdentityError {
            throw IdentityError("\(name): \(error)")
        } catch {
            // Whatever the library says, it may say of the key.
            throw IdentityError(
                "\(name) is not a public key for \(key.algorithm.rawValue) as PEM (RSA from 2048 bits)"
            )
        }
    }

    /// Makes ready a key of a JWKS.
    init(_ key: JWK, of issuer: String) async throws(IdentityError) {
        guard let id = key.keyIdentifier?.string,
            let algorithm = (key.algorithm?.rawValue).flatMap(TokenIssuer.Algorithm.init(rawValue:))
        else {
            throw IdentityError("each key of the JWKS of \(issuer) has a kid and a known alg")
        }
        guard !algorithm.isSymmetric, key.privateExponent == nil else {
            throw IdentityError(
                "the JWKS of \(issuer) has a key that could sign: it is for public keys only")
        }
        self.id = id
        self.algorithm = algorithm
        self.collection = JWTKeyCollection()
        do {
            try await self.collection.add(jwk: key)
        } catch {
            throw IdentityError("key \"\(id)\" of the JWKS of \(issuer) cannot be used")
        }
    }

    private static func add(_ key: TokenIssuer.Key, to collection: JWTKeyCollection) async throws {
        let material = key.material
        switch key.algorithm {
        case .hs256, .hs384, .hs512:
            guard material.utf8.count >= Self.secretByteCountMin else {
                throw IdentityError("a secret has at least \(Self.secretByteCountMin) bytes")
            }
            guard !material.contains("-----BEGIN ") else {
                throw IdentityError(
                    "this is a PEM key and not a secret: anybody who knows it could sign tokens")
            }
            let digest: DigestAlgorithm =
                key.algorithm == .hs256 ? .sha256 : key.algorithm == .hs384 ? .sha384 : .sha512
            await collection.add(hmac: HMACKey(from: Data(material.utf8)), digestAlgorithm: digest)
        case .rs256, .rs384, .rs512:
            let digest: DigestAlgorithm =
                key.algorithm == .rs256 ? .sha256 : key.algorithm == .rs384 ? .sha384 : .sha512
            await collection.add(
                rsa: try Insecure.RSA.PublicKey(pem: material), digestAlgorithm: digest)
        case .es256: await collection.add(ecdsa: try ES256PublicKey(pem: material))
        case .es384: await collection.add(ecdsa: try ES384PublicKey(pem: material))
        case .es512: await collection.add(ecdsa: try ES512PublicKey(pem: material))
        case .eddsa: await collection.add(eddsa: try EdDSA.PublicKey(pem: material))
        }
    }

    /// Whether the key has signed `token`, which says that it was signed by ``algorithm``.
    func hasSigned(_ token: String) async -> Bool {
        (try? await self.collection.verify(token, as: AnyClaims.self)) != nil
    }
}

/// The claims of a token are looked at elsewhere; here it is about its signature.
private struct AnyClaims: JWTPayload {
    func verify(using algorithm: some JWTAlgorithm) async throws {}
}
