import Glibc

/// A small file that is read anew when it has changed.
struct WatchedFile: Sendable {
    /// By what a change is noticed.
    struct Stamp: Hashable, Sendable {
        fileprivate let device: UInt64
        fileprivate let node: UInt64
        fileprivate let size: Int64
        fileprivate let seconds: Int
        fileprivate let nanoseconds: Int
    }

    /// The file could not be read, or is too large.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Where it is.
    let path: String
    /// The most bytes that it may have.
    let bytesMax: Int

    /// What the file looks like now; nil if it cannot be looked at.
    func stamp() -> Stamp? {
        var status = stat()
        guard stat(self.path, &status) == 0 else { return nil }
        return Self.stamp(status)
    }

    /// The file's bytes, and the stamp that it had before they were read.
    func read() throws(Failure) -> (bytes: [UInt8], stamp: Stamp) {
        let file = open(self.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw self.failure() }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw self.failure() }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(description: "\(self.path) is not a file")
        }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw self.failure() }
            if count == 0 { return (bytes, Self.stamp(status)) }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= self.bytesMax else {
                throw Failure(description: "\(self.path) has more than \(self.bytesMax) bytes")
            }
        }
    }

    private func failure() -> Failure {
        Failure(description: "\(self.path): \(String(cString: strerror(errno)))")
    }

    private static func stamp(_ status: stat) -> Stamp {
        Stamp(
            device: UInt64(status.st_dev), node: UInt64(status.st_ino),
            size: Int64(status.st_size), seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
    }
}
