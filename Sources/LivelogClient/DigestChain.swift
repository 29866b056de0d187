import COpenSSL

/// A digest of everything that came so far, batch by batch, that serves as a batch's idempotency key.
///
///     d(0) = SHA-256(prefix, salt)        d(n) = SHA-256(d(n-1), SHA-256(batch n))
///
/// Two batches have the same key only if they and all batches before them have the same bytes and were
/// cut in the same places; so a repeated run over the same input finds its own batches again, and no
/// other input is mistaken for it.
package struct DigestChain: Sendable {
    private static let prefix = "livelog-publish-1"
    private var digest: [UInt8]

    /// Starts a chain. Different salts give different keys for the same input.
    package init(salt: [UInt8] = []) {
        self.digest = Self.sha256(Array(Self.prefix.utf8) + salt)
    }

    /// Takes the next batch's bytes and returns its key: the prefix and 64 hexadecimal digits.
    package mutating func key(ofNext batch: [UInt8]) -> String {
        self.digest = Self.sha256(self.digest + Self.sha256(batch))
        return "\(Self.prefix):\(Self.hexadecimal(self.digest))"
    }

    /// The SHA-256 of `bytes`: 32 bytes.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(bytes, bytes.count, &digest)
        return digest
    }

    /// Two lower-case digits a byte.
    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
