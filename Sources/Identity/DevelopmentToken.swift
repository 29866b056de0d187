import Crypto
import FoundationEssentials
import WireProtocol

/// A token that is made here, for development and tests. Applications make their own.
package struct DevelopmentToken {
    /// The scopes that it has.
    package var scopes: [String] = []
    /// Whether it is of somebody of the staff.
    package var isStaff = false
    /// What its key is called, if it has a name.
    package var keyID: String?
    private var members: [(name: String, json: String)]

    /// Begins a token.
    ///
    /// - Parameters:
    ///   - issued: in seconds since 1970.
    ///   - seconds: that it is good for.
    package init(issuer: String, audience: String, subject: String, issued: Int64, seconds: Int64) {
        self.members = [
            ("iss", Self.quoted(issuer)), ("aud", Self.quoted(audience)),
            ("sub", Self.quoted(subject)), ("iat", String(issued)),
            ("exp", String(issued + seconds)),
        ]
    }

    /// Adds a claim whose value is JSON text; returns false if it is none, or there is such a claim.
    package mutating func add(_ name: String, json: String) -> Bool {
        guard !self.members.contains(where: { $0.name == name }),
            (try? JSONDocument(parsing: Array(json.utf8))) != nil
        else { return false }
        self.members.append((name, json))
        return true
    }

    /// The token, signed by HMAC-SHA256.
    package func signed(with secret: String) -> String {
        var members = self.members
        if self.isStaff { members.append(("is_staff", "true")) }
        if !self.scopes.isEmpty {
            members.append(("scope", Self.quoted(self.scopes.joined(separator: " "))))
        }
        let id = self.keyID.map { ",\"kid\":\(Self.quoted($0))" } ?? ""
        let payload = members.map { "\(Self.quoted($0.name)):\($0.json)" }.joined(separator: ",")
        let text = [#"{"alg":"HS256","typ":"JWT"\#(id)}"#, "{\(payload)}"]
            .map { Self.base64URL(Data($0.utf8)) }.joined(separator: ".")
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(text.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return "\(text).\(Self.base64URL(Data(code)))"
    }

    private static func quoted(_ text: String) -> String {
        var quoted: [UInt8] = []
        JSONText.append(string: Array(text.utf8), to: &quoted)
        return String(decoding: quoted, as: UTF8.self)
    }

    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
