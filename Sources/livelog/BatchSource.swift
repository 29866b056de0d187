import Glibc
import LivelogClient

/// Reads the input of `livelog publish` and cuts it into batches, one ahead of what is being sent.
actor BatchSource {
    private static let chunk = 256 << 10

    private let input: Descriptor
    private var builder: BatchBuilder
    private var isAtEnd = false

    /// The size of the input in bytes, if it is a file.
    let size: Int?

    /// Opens a file, or standard input if the path is `-`.
    init(path: String, builder: BatchBuilder) throws {
        if path == "-" {
            self.input = Descriptor(number: STDIN_FILENO, name: "standard input")
        } else {
            let number = open(path, O_RDONLY | O_CLOEXEC)
            guard number >= 0 else { throw SystemError(code: errno, subject: path) }
            self.input = Descriptor(number: number, name: path)
        }
        self.size = self.input.fileSize
        self.builder = builder
    }

    /// The next batch, or nil at the end of the input.
    func next() async throws -> Batch? {
        while true {
            if let batch = self.builder.next() { return batch }
            if self.isAtEnd { return nil }
            let bytes = try await self.input.read(Self.chunk)
            if bytes.isEmpty {
                self.isAtEnd = true
                try self.builder.finish()
            } else {
                try self.builder.append(bytes)
            }
        }
    }
}
