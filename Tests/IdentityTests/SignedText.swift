import Crypto
import Foundation
import Identity

/// Tokens of any kind, also of those that nobody should make.
enum SignedText {
    static let secret = "a secret of at least thirty-two bytes, or a bit more"
    static let now: Int64 = 1_795_000_000

    static let header = #"{"alg":"HS256","typ":"JWT"}"#
    static let payload =
        #"{"iss":"app","aud":"livelog","sub":"alice","iat":1795000000,"exp":1795003600"#
        + #","team":3,"lists":[1,"2"],"scope":"tasks:read tasks:write","nested":{"a":1}}"#

    /// A token signed by HMAC-SHA256, whatever its header says.
    static func token(
        header: String = Self.header, payload: String = Self.payload, secret: String = Self.secret
    ) -> String {
        let text = "\(self.base64URL(Data(header.utf8))).\(self.base64URL(Data(payload.utf8)))"
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(text.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return "\(text).\(self.base64URL(Data(code)))"
    }

    static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// Options with one issuer and one key.
    static func options(
        id: String? = nil, _ algorithm: TokenIssuer.Algorithm = .hs256, _ material: String = secret
    ) -> IdentityOptions {
        var options = IdentityOptions()
        var issuer = TokenIssuer(issuer: "app", audience: "livelog")
        issuer.keys = [TokenIssuer.Key(id: id, algorithm: algorithm, material: material)]
        options.issuers = [issuer]
        return options
    }
}
