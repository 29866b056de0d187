import Access
import FoundationEssentials
import LogModel
import WireProtocol

/// A JSON Web Token (RFC 7519) in compact form, read and not believed yet.
struct JSONWebToken {
    private static let byteCountMax = 8 << 10
    private static let claimsMax = 64
    private static let listValuesMax = 1000
    /// Members of a header that name a key or change what a token means (RFC 7515 section 4.1).
    private static let refusedMembers = ["jku", "jwk", "x5u", "x5c", "x5t", "crit", "b64", "zip"]

    /// What it says that it was signed by.
    let algorithm: String
    /// What it says that its key is called.
    let keyID: String?
    private let document: JSONDocument

    /// Reads a token.
    init(_ text: String) throws(AuthenticationError) {
        guard text.utf8.count <= Self.byteCountMax else {
            throw .init(.malformed, "a token has at most \(Self.byteCountMax) bytes")
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty && Self.isBase64URL($0) }) else {
            throw .init(.malformed, "a token has three parts in base64url, with dots between them")
        }
        let header = try Self.document(parts[0], "header")
        self.document = try Self.document(parts[1], "payload")
        for name in Self.refusedMembers where header.member(name, of: header.root) != nil {
            throw .init(.notAcceptable, "the token's header must not have \"\(name)\"")
        }
        guard let algorithm = Self.string("alg", header) else {
            throw .init(.malformed, "the token's header has no alg")
        }
        self.algorithm = algorithm
        if let node = header.member("kid", of: header.root) {
            guard let id = header.string(node) else {
                throw .init(.malformed, "the token's kid is no string")
            }
            self.keyID = id
        } else {
            self.keyID = nil
        }
        if header.member("typ", of: header.root) != nil {
            let type = Self.string("typ", header)?.lowercased()
            guard type == "jwt" || type == "at+jwt" else {
                throw .init(.notAcceptable, "the token's typ is not JWT")
            }
        }
    }

    private static func isBase64URL(_ part: Substring) -> Bool {
        part.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    private static func document(
        _ part: Substring, _ name: String
    ) throws(AuthenticationError) -> JSONDocument {
        var base64 = part.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard
            let data = Data(base64Encoded: String(base64)),
            let document = try? JSONDocument(parsing: Array(data)),
            document.kind(of: document.root) == .object
        else { throw .init(.malformed, "the token's \(name) is not a JSON object as base64url") }
        return document
    }

    private static func string(_ name: String, _ document: JSONDocument) -> String? {
        document.member(name, of: document.root).flatMap(document.string)
    }

    /// A claim that is a string.
    func string(_ name: String) -> String? { Self.string(name, self.document) }

    /// A claim that is a number of whole seconds, or of parts of them; nil if it is not there.
    func seconds(_ name: String) throws(AuthenticationError) -> Int64? {
        guard let node = self.document.member(name, of: self.document.root) else { return nil }
        guard let scalar = self.document.scalar(node), scalar.kind == .number,
            let seconds = Double(scalar.text.string), abs(seconds) < 1e12
        else { throw .init(.notAcceptable, "the token's \(name) is no time in seconds") }
        return Int64(seconds.rounded(.down))
    }

    /// Whether the claim `aud` is `audience`, or has it.
    func isFor(_ audience: String) -> Bool {
        guard let node = self.document.member("aud", of: self.document.root) else { return false }
        if let own = self.document.string(node) { return own == audience }
        return self.document.elements(of: node).contains {
            self.document.string($0) == audience
        }
    }

    /// The claims that rules can name: scalars and lists of them, as many as are kept.
    var claims: [String: Claim] {
        var claims: [String: Claim] = [:]
        for member in self.document.members(of: self.document.root).prefix(Self.claimsMax) {
            if let scalar = self.document.scalar(member.value) {
                claims[member.key.string] = .scalar(scalar)
            } else if self.document.kind(of: member.value) == .array {
                let elements = self.document.elements(of: member.value)
                let values = elements.compactMap(self.document.scalar)
                // A list that is not kept whole could admit, under "not", whom it does not.
                guard values.count == elements.count, values.count <= Self.listValuesMax else {
                    continue
                }
                claims[member.key.string] = .list(values)
            }
        }
        return claims
    }

    /// Names in a claim: a list of strings, or words in one string.
    func names(_ claim: String) -> Set<String> {
        guard let node = self.document.member(claim, of: self.document.root) else { return [] }
        if let words = self.document.string(node) {
            return Set(words.split(separator: " ").map(String.init))
        }
        return Set(self.document.elements(of: node).compactMap(self.document.string))
    }

    /// Whether a claim is `true`.
    func isTrue(_ claim: String) -> Bool {
        self.document.member(claim, of: self.document.root).flatMap(self.document.boolean) == true
    }
}
