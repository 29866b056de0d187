import FoundationEssentials
import JWTKit

/// One key by which signatures are checked, with the one algorithm that it has.
struct VerificationKey: Sendable {
    /// What tokens name it by; nil if they name none.
    let id: String?
    /// How it signs.
    let algorithm: TokenIssuer.Algorithm
    private let verifier: any JWTAlgorithm

    /// Whether `signature` is this key's for `signed`. What cannot be a signature is none.
    func verifies(_ signature: [UInt8], of signed: [UInt8]) -> Bool {
        do {
            return try self.verifier.verify(signature, signs: signed)
        } catch {
            return false
        }
    }

    /// Makes a key from one in the configuration. Errors begin with `subject`, and say nothing of the key.
    init(_ key: TokenIssuer.Key, subject: String) async throws(IdentityOptionsError) {
        // Each has a collection of its own: in one of several a token could choose another one.
        let keys = JWTKeyCollection()
        self.id = key.id
        self.algorithm = key.algorithm
        if let secretBytes = key.algorithm.secretBytesMin {
            guard key.material.utf8.count >= secretBytes else {
                throw IdentityOptionsError(
                    "\(subject): a secret for \(key.algorithm.rawValue) needs at least "
                        + "\(secretBytes) bytes of UTF-8; this one has "
                        + "\(key.material.utf8.count)")
            }
            await keys.add(
                hmac: HMACKey(from: key.material), digestAlgorithm: key.algorithm.digest)
        } else {
            do {
                switch key.algorithm {
                case .es256: try await keys.add(ecdsa: ES256PublicKey(pem: key.material))
                case .es384: try await keys.add(ecdsa: ES384PublicKey(pem: key.material))
                case .es512: try await keys.add(ecdsa: ES512PublicKey(pem: key.material))
                case .eddsa: try await keys.add(eddsa: EdDSA.PublicKey(pem: key.material))
                default:
                    try await keys.add(
                        rsa: Insecure.RSA.PublicKey(pem: key.material),
                        digestAlgorithm: key.algorithm.digest)
                }
            } catch {
                throw IdentityOptionsError(
                    "\(subject): this is not a public key for \(key.algorithm.rawValue) in PEM "
                        + "(-----BEGIN PUBLIC KEY-----)"
                        + (key.algorithm.isRSA ? " of at least 2048 bits" : ""))
            }
        }
        self.verifier = try await Self.verifier(of: keys, subject: subject)
    }

    /// Makes a key from one of a key set.
    init(_ key: JSONWebKey, subject: String) async throws(IdentityOptionsError) {
        let keys = JWTKeyCollection()
        self.id = key.id
        self.algorithm = key.algorithm
        do {
            switch key.material {
            case .rsa(let modulus, let exponent):
                try await keys.add(
                    rsa: Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent),
                    digestAlgorithm: key.algorithm.digest)
            case .point(let x, let y):
                switch key.algorithm {
                case .es384: try await keys.add(ecdsa: ES384PublicKey(parameters: (x, y)))
                case .es512: try await keys.add(ecdsa: ES512PublicKey(parameters: (x, y)))
                default: try await keys.add(ecdsa: ES256PublicKey(parameters: (x, y)))
                }
            case .edwards(let x):
                try await keys.add(eddsa: EdDSA.PublicKey(x: x, curve: .ed25519))
            }
        } catch {
            throw IdentityOptionsError(
                "\(subject): the numbers of this key are not a public key for "
                    + key.algorithm.rawValue
                    + (key.algorithm.isRSA ? " of at least 2048 bits" : ""))
        }
        self.verifier = try await Self.verifier(of: keys, subject: subject)
    }

    private static func verifier(
        of keys: JWTKeyCollection, subject: String
    ) async throws(IdentityOptionsError) -> any JWTAlgorithm {
        do {
            return try await keys.getKey()
        } catch {
            throw IdentityOptionsError("\(subject): this key cannot be used")
        }
    }
}

extension TokenIssuer.Algorithm {
    /// The least bytes of a secret, which are those of its digest (RFC 7518, section 3.2); nil for public keys.
    var secretBytesMin: Int? {
        switch self {
        case .hs256: 32
        case .hs384: 48
        case .hs512: 64
        default: nil
        }
    }

    /// Whether its keys are RSA's.
    var isRSA: Bool { self.rawValue.hasPrefix("RS") }

    fileprivate var digest: DigestAlgorithm {
        switch self {
        case .hs384, .rs384: .sha384
        case .hs512, .rs512: .sha512
        default: .sha256
        }
    }
}
