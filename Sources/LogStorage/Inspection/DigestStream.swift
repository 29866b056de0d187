import COpenSSL
package import LogFormat
import Synchronization

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

/// The digest of a segment's bytes, made by a thread of its own while something else is done with them.
final class BackgroundDigest {
    private final class Outcome: Sendable {
        let digest = Mutex(SegmentDigest.none)
    }

    private let outcome = Outcome()
    /// Nil if the system has no thread to give: then it was made at once.
    private let thread: DedicatedThread?

    /// Begins with the first `count` of `bytes`, after what has the digest `previous`.
    init(of bytes: [UInt8], count: Int, after previous: SegmentDigest) {
        let outcome = self.outcome
        @Sendable func make() {
            let stream = DigestStream(after: previous)
            stream.add(bytes.span.bytes.slice(0, count))
            let digest = stream.finish()
            outcome.digest.withLock { $0 = digest }
        }
        self.thread = try? DedicatedThread { make() }
        if self.thread == nil { make() }
    }

    /// Waits for the digest. Call it once.
    func wait() -> SegmentDigest {
        self.thread?.join()
        return self.outcome.digest.withLock { $0 }
    }
}
