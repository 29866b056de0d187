package import Access

/// A key of the server's own, `llk_ID_SECRET`: who has it is known by it. Only its digest is kept.
package struct APIKey: Hashable, Sendable {
    /// With what every key begins.
    package static let prefix = "llk_"
    /// The characters of an id, of base32 in small letters.
    package static let idLength = 8
    /// The characters of a secret, which are 32 bytes in base64url.
    private static let secretLength = 43

    /// What it is called, in the file and where it is used.
    package let id: String
    /// For what it is, for people.
    package let label: String
    /// The SHA-256 of the secret's characters, 32 bytes.
    package let digest: [UInt8]
    /// What it is for.
    package let grant: KeyGrant
    /// When it was made, in seconds since 1970.
    package let created: Int64
    /// Since when it does not count any more, in seconds since 1970; nil if it does.
    package var revoked: Int64?

    /// Creates the description of a key.
    package init(
        id: String, label: String, digest: [UInt8], grant: KeyGrant, created: Int64,
        revoked: Int64? = nil
    ) {
        self.id = id
        self.label = label
        self.digest = digest
        self.grant = grant
        self.created = created
        self.revoked = revoked
    }

    /// Makes a new key. Its text is the only place of the secret.
    package static func make(
        label: String, grant: KeyGrant, created: Int64
    ) -> (key: APIKey, text: String) {
        // The system's generator is one for cryptography.
        let letters = Array("abcdefghijklmnopqrstuvwxyz234567")
        let id = String((0..<Self.idLength).map { _ in letters[Int.random(in: 0..<32)] })
        let secret = Base64URL.text((0..<32).map { _ in UInt8.random(in: 0...255) })
        let key = APIKey(
            id: id, label: label, digest: Self.digest(ofSecret: Array(secret.utf8)), grant: grant,
            created: created)
        return (key, "\(Self.prefix)\(id)_\(secret)")
    }

    /// The id and the digest of the secret of a key's text; nil if it is no key.
    static func read(_ text: String) -> (id: String, digest: [UInt8])? {
        let bytes = Array(text.utf8)
        let start = Self.prefix.utf8.count
        let end = start + Self.idLength
        guard text.hasPrefix(Self.prefix), bytes.count == end + 1 + Self.secretLength,
            bytes[end] == UInt8(ascii: "_"), Base64URL.bytes(bytes[(end + 1)...]) != nil
        else { return nil }
        let id = String(decoding: bytes[start..<end], as: UTF8.self)
        return Self.isID(id) ? (id, Self.digest(ofSecret: Array(bytes[(end + 1)...]))) : nil
    }

    /// Whether `text` has the form of an id.
    package static func isID(_ text: String) -> Bool {
        text.utf8.count == Self.idLength
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "2")...UInt8(ascii: "7")).contains($0)
            }
    }

    private static func digest(ofSecret secret: [UInt8]) -> [UInt8] {
        Digests.sha256(secret)
    }
}
