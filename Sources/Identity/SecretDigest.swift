import Crypto

/// Digests of secrets: what is kept in their place.
enum SecretDigest {
    /// SHA-256 of `secret` as hexadecimal digits. Secrets have 256 random bits, so that no slower digest is needed.
    static func of(_ secret: String) -> String {
        SHA256.hash(data: Array(secret.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// Whether two digests are the same, in a time that says nothing of where they differ.
    static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
