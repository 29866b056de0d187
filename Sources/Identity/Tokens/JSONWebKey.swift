import WireProtocol

/// A public key of a key set (RFC 7517) that signs with one of the algorithms that are wanted.
struct JSONWebKey: Hashable, Sendable {
    /// The numbers, in base64url.
    enum Material: Hashable, Sendable {
        case rsa(modulus: String, exponent: String)
        case point(x: String, y: String)
        case edwards(x: String)
    }

    /// The most keys of a set.
    static let countMax = 100

    /// Its `kid`.
    let id: String?
    /// How it signs.
    let algorithm: TokenIssuer.Algorithm
    /// Its numbers.
    let material: Material

    /// The keys of a set that are for signatures by one of `algorithms`; others are left out.
    static func keys(
        of bytes: [UInt8], algorithms: Set<TokenIssuer.Algorithm>, subject: String
    ) throws(IdentityOptionsError) -> [JSONWebKey] {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(
                parsing: bytes, limits: JSONLimits(depthMax: 8, tokensMax: 20_000))
        } catch {
            throw IdentityOptionsError(
                "\(subject): the key set is not JSON: \(error.message) (byte \(error.position))")
        }
        guard let list = document.member("keys", of: document.root),
            document.kind(of: list) == .array
        else {
            throw IdentityOptionsError("\(subject): a key set is an object with a list \"keys\"")
        }
        let nodes = document.elements(of: list)
        guard nodes.count <= Self.countMax else {
            throw IdentityOptionsError(
                "\(subject): the key set has \(nodes.count) keys; at most \(Self.countMax) are read"
            )
        }
        return nodes.compactMap { Self(document, $0, algorithms: algorithms) }
    }

    private init?(
        _ document: JSONDocument, _ node: JSONDocument.Node,
        algorithms: Set<TokenIssuer.Algorithm>
    ) {
        func text(_ name: String) -> String? {
            document.member(name, of: node).flatMap(document.string)
        }
        if document.member("use", of: node) != nil, text("use") != "sig" { return nil }
        if let id = document.member("kid", of: node), document.string(id) == nil { return nil }
        guard let type = text("kty") else { return nil }
        let possible = TokenIssuer.Algorithm.allCases.filter {
            $0.keyType == type && $0.curve == text("crv") && algorithms.contains($0)
        }
        let algorithm: TokenIssuer.Algorithm
        if document.member("alg", of: node) != nil {
            guard let named = possible.first(where: { $0.rawValue == text("alg") }) else {
                return nil
            }
            algorithm = named
        } else {
            // A key that does not say how it signs is used if there is one way only.
            guard let only = possible.first, possible.count == 1 else { return nil }
            algorithm = only
        }
        switch (type, text("n"), text("e"), text("x"), text("y")) {
        case ("RSA", let n?, let e?, _, _): self.material = .rsa(modulus: n, exponent: e)
        case ("EC", _, _, let x?, let y?): self.material = .point(x: x, y: y)
        case ("OKP", _, _, let x?, _): self.material = .edwards(x: x)
        default: return nil
        }
        self.id = text("kid")
        self.algorithm = algorithm
    }
}

extension TokenIssuer.Algorithm {
    /// The `kty` of its public keys; nil if it has none.
    fileprivate var keyType: String? {
        switch self {
        case .rs256, .rs384, .rs512: "RSA"
        case .es256, .es384, .es512: "EC"
        case .eddsa: "OKP"
        case .hs256, .hs384, .hs512: nil
        }
    }

    /// The `crv` of its keys; nil if they have none.
    fileprivate var curve: String? {
        switch self {
        case .es256: "P-256"
        case .es384: "P-384"
        case .es512: "P-521"
        case .eddsa: "Ed25519"
        default: nil
        }
    }
}
