import COpenSSL
package import LogFormat

/// The SHA-256 of bytes as they come along, a segment's for instance, after the digest of what was before them.
package final class DigestStream {
    private let context = EVP_MD_CTX_new()
    private var isFine: Bool

    /// Begins after what has the digest `previous`.
    package init(after previous: SegmentDigest) {
        let before = previous.bytes
        self.isFine =
            EVP_DigestInit_ex(self.context, EVP_sha256(), nil) == 1
            && EVP_DigestUpdate(self.context, before, before.count) == 1
    }

    deinit {
        EVP_MD_CTX_free(self.context)
    }

    /// Takes the next bytes.
    package func add(_ bytes: RawSpan) {
        bytes.withUnsafeBytes {
            self.isFine =
                self.isFine && EVP_DigestUpdate(self.context, $0.baseAddress, $0.count) == 1
        }
    }

    /// The digest of all that was taken. Call it once.
    package func finish() -> SegmentDigest {
        var digest = [UInt8](repeating: 0, count: SegmentDigest.count)
        self.isFine = self.isFine && EVP_DigestFinal_ex(self.context, &digest, nil) == 1
        precondition(self.isFine, "libcrypto gives no SHA-256")
        return SegmentDigest(reading: digest.span.bytes, at: 0)
    }
}
