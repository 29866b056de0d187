import WireProtocol

/// A token that is signed here, with a shared secret: for development and tests.
package struct DevelopmentToken: Sendable {
    /// Its `iss`.
    package var issuer: String
    /// Its `aud`.
    package var audience: String
    /// Its `sub`.
    package var subject: String
    /// When it was made, in seconds since 1970.
    package var issued: Int64
    /// Seconds that it is good for.
    package var seconds: Int64
    /// The name of its key; nil for none.
    package var keyID: String?
    /// More claims: names, and values as JSON text.
    package var claims: [(name: String, json: [UInt8])] = []

    /// Creates a token without more claims.
    package init(
        issuer: String, audience: String, subject: String, issued: Int64, seconds: Int64,
        keyID: String? = nil
    ) {
        self.issuer = issuer
        self.audience = audience
        self.subject = subject
        self.issued = issued
        self.seconds = seconds
        self.keyID = keyID
    }

    /// The token, signed by HS256.
    package func signed(secret: [UInt8]) -> String {
        var header: [(name: String, json: [UInt8])] = [
            ("alg", Self.json("HS256")), ("typ", Self.json("JWT")),
        ]
        if let keyID { header.append(("kid", Self.json(keyID))) }
        let claims =
            [
                ("iss", Self.json(self.issuer)), ("aud", Self.json(self.audience)),
                ("sub", Self.json(self.subject)), ("iat", Array("\(self.issued)".utf8)),
                ("exp", Array("\(self.issued + self.seconds)".utf8)),
            ] + self.claims
        let text = [header, claims].map { Base64URL.text(Self.object($0)) }.joined(separator: ".")
        let signature = Digests.hmacSHA256(Array(text.utf8), secret: secret)
        return "\(text).\(Base64URL.text(signature))"
    }

    private static func json(_ text: String) -> [UInt8] {
        var json: [UInt8] = []
        JSONText.append(string: text, to: &json)
        return json
    }

    private static func object(_ members: [(name: String, json: [UInt8])]) -> [UInt8] {
        var json = [UInt8(ascii: "{")]
        for (index, member) in members.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(string: member.name, to: &json)
            json.append(UInt8(ascii: ":"))
            json.append(contentsOf: member.json)
        }
        json.append(UInt8(ascii: "}"))
        return json
    }
}
