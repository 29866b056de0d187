import Access
import WireProtocol

/// A signed token in its compact form (RFC 7515), taken apart. Nothing that it says is believed yet.
struct CompactToken: Sendable {
    /// The most bytes of a token.
    static let bytesMax = 8 << 10

    /// Members of a header by which a token would bring or choose its own key, or its own rules.
    static let refusedMembers = ["crit", "jku", "x5u", "jwk", "x5c"]

    /// The name of its key.
    let keyID: String?
    /// How it says that it is signed.
    let algorithm: String
    /// What it says: an object.
    let payload: JSONDocument
    /// What is signed.
    let signed: [UInt8]
    /// By this.
    let signature: [UInt8]

    /// Takes a token apart.
    init(_ token: String) throws(AuthenticationError) {
        let bytes = Array(token.utf8)
        guard bytes.count <= Self.bytesMax else {
            throw AuthenticationError(
                .malformed, "the token has \(bytes.count) bytes; at most \(Self.bytesMax) are read")
        }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64URL.bytes(parts[2]) else {
            throw AuthenticationError(
                .malformed, "a token is three parts in base64url with dots between them")
        }
        self.signature = signature
        self.signed = parts[0] + [UInt8(ascii: ".")] + parts[1]
        let header = try Self.object(
            parts[0], name: "header", limits: JSONLimits(depthMax: 4, tokensMax: 64))
        self.payload = try Self.object(
            parts[1], name: "claims", limits: JSONLimits(depthMax: 16, tokensMax: 8 << 10))
        func text(_ name: String) throws(AuthenticationError) -> String? {
            guard let node = header.member(name, of: header.root) else { return nil }
            guard let text = header.string(node) else {
                throw AuthenticationError(
                    .malformed, "\"\(name)\" in the token's header is no string")
            }
            return text
        }
        for name in Self.refusedMembers where header.member(name, of: header.root) != nil {
            throw AuthenticationError(
                .notAcceptable, "\"\(name)\" in a token's header is not accepted")
        }
        if let type = try text("typ"), !["jwt", "at+jwt"].contains(type.lowercased()) {
            throw AuthenticationError(
                .notAcceptable, "\"typ\" in a token's header has to be JWT or at+jwt")
        }
        guard let algorithm = try text("alg") else {
            throw AuthenticationError(.malformed, "the token's header has no \"alg\"")
        }
        self.algorithm = algorithm
        self.keyID = try text("kid")
    }

    /// The value of a claim that is a string; nil for any other.
    func text(_ claim: String) -> String? {
        self.payload.member(claim, of: self.payload.root).flatMap(self.payload.string)
    }

    private static func object(
        _ part: ArraySlice<UInt8>, name: String, limits: JSONLimits
    ) throws(AuthenticationError) -> JSONDocument {
        guard let bytes = Base64URL.bytes(part) else {
            throw AuthenticationError(.malformed, "the token's \(name) is not base64url")
        }
        do throws(JSONError) {
            let document = try JSONDocument(parsing: bytes, limits: limits)
            if document.kind(of: document.root) == .object { return document }
        } catch {
            throw AuthenticationError(
                .malformed, "the token's \(name) is not JSON: \(error.message)")
        }
        throw AuthenticationError(.malformed, "the token's \(name) is no JSON object")
    }
}
