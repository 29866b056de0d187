import COpenSSL
import Glibc
import LogFormat

/// Facts and randomness of the machine.
package enum Machine {
    /// The first 16 bytes of the SHA-256 of `bytes`, as two little-endian halves.
    package static func digest(of bytes: [UInt8]) -> (low: UInt64, high: UInt64) {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(bytes, bytes.count, &digest)
        let span = digest.span.bytes
        return (
            span.loadLittleEndian(0, as: UInt64.self), span.loadLittleEndian(8, as: UInt64.self)
        )
    }

    /// The SHA-256 of `previous` and the first `count` bytes of `mapping`.
    static func digest(
        of mapping: Mapping, count: Int, after previous: SegmentDigest
    ) -> SegmentDigest {
        self.digest(UnsafeRawBufferPointer(rebasing: mapping.base[..<count]), after: previous)
    }

    /// The SHA-256 of `previous` and `bytes`.
    static func digest(of bytes: [UInt8], after previous: SegmentDigest) -> SegmentDigest {
        bytes.withUnsafeBytes { self.digest($0, after: previous) }
    }

    private static func digest(
        _ bytes: UnsafeRawBufferPointer, after previous: SegmentDigest
    ) -> SegmentDigest {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var digest = [UInt8](repeating: 0, count: SegmentDigest.count)
        let before = previous.bytes
        let isDone =
            EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
            && EVP_DigestUpdate(context, before, before.count) == 1
            && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
            && EVP_DigestFinal_ex(context, &digest, nil) == 1
        precondition(isDone, "libcrypto gives no SHA-256")
        return SegmentDigest(reading: digest.span.bytes, at: 0)
    }

    /// Lets the process open as many files and sockets as the system allows it, and returns how many.
    package static func raiseFileLimit() -> UInt64 {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        // If the system refuses, the limit stays what it was, which is what is returned.
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return UInt64(limit.rlim_cur)
    }

    /// Microseconds since 1970-01-01T00:00:00Z by the machine's clock, which may jump.
    package static func wallClock() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }
}
