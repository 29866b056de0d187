/// Cuts a stream of NDJSON into batches, with memory for little more than one batch.
///
/// Invariants:
/// - the batches' bodies, one after the other, are the input's lines without the blank ones;
/// - where it is cut depends on the input and the limits only, not on how the input arrives;
/// - a batch holds at most `changes` lines, and at most `bytes` bytes unless it is a single line.
///
/// Each batch carries a key that is a digest of it and of all batches before it. Published with that
/// key as its identity, a batch is appended once however often the same input is published.
public struct BatchBuilder: Sendable {
    /// How much goes into a batch.
    public struct Limits: Hashable, Sendable {
        /// The most changes that a server takes in one request.
        public static let mostChanges = 100_000
        /// The most bytes that a server takes as one batch: 8 MiB.
        public static let mostBytes = 8 << 20

        /// The most changes in a batch.
        public let changes: Int
        /// The most bytes in a batch of several changes, line feeds included.
        public let bytes: Int

        /// Creates limits.
        ///
        /// - Throws: `invalid-argument` unless both are at least 1 and at most what a server takes.
        public init(changes: Int = 2000, bytes: Int = 1 << 20) throws(ClientError) {
            guard 1...Self.mostChanges ~= changes else {
                throw ClientError(
                    .invalidArgument,
                    "a batch holds 1 to \(Self.mostChanges) changes, not \(changes)")
            }
            guard 1...Self.mostBytes ~= bytes else {
                throw ClientError(
                    .invalidArgument, "a batch holds 1 to \(Self.mostBytes) bytes, not \(bytes)")
            }
            self.changes = changes
            self.bytes = bytes
        }
    }

    private let limits: Limits
    private var chain: DigestChain
    /// The beginning of a line whose end has not arrived.
    private var rest: [UInt8] = []
    private var current = Batch()
    private var finished: [Batch] = []
    private var lines = 0
    private var changes: UInt64 = 0
    private var bytes = 0

    /// Creates a builder that has seen nothing yet.
    ///
    /// - Parameters:
    ///   - limits: how much goes into a batch.
    ///   - salt: bytes that make the batches' keys differ from those of the same input without them.
    public init(limits: Limits, salt: [UInt8] = []) {
        self.limits = limits
        self.chain = DigestChain(salt: salt)
    }

    /// Takes the next bytes of the input.
    ///
    /// - Throws: `invalid-argument` if a line is longer than any server takes.
    public mutating func append(_ input: [UInt8]) throws(ClientError) {
        var start = input.startIndex
        while let end = input[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if self.rest.isEmpty {
                try self.add(input[start...end])
            } else {
                self.rest += input[start...end]
                let line = self.rest
                self.rest = []
                try self.add(line[...])
            }
            start = end + 1
        }
        self.rest += input[start...]
        if self.rest.count > Limits.mostBytes { throw self.tooLong() }
    }

    /// Takes the end of the input: what is left becomes the last batch.
    ///
    /// - Throws: `invalid-argument` if the last line is longer than any server takes.
    public mutating func finish() throws(ClientError) {
        if !self.rest.isEmpty {
            let line = self.rest
            self.rest = []
            // The last line is the same change with and without a line feed.
            try self.add(line[...], bytes: line.count)
        }
        self.cut()
    }

    /// Takes the next finished batch, if there is one.
    public mutating func next() -> Batch? {
        self.finished.isEmpty ? nil : self.finished.removeFirst()
    }

    private mutating func add(_ line: ArraySlice<UInt8>, bytes: Int? = nil) throws(ClientError) {
        let isTerminated = line.last == UInt8(ascii: "\n")
        let length = line.count + (isTerminated ? 0 : 1)
        if length > Limits.mostBytes { throw self.tooLong() }
        self.lines += 1
        let isBlank = line.allSatisfy { $0 == 0x20 || 0x09...0x0D ~= $0 }
        if isBlank {
            self.bytes += bytes ?? line.count
            return
        }
        if self.current.body.count + length > self.limits.bytes { self.cut() }
        self.bytes += bytes ?? line.count
        self.changes += 1
        self.current.body += line
        if !isTerminated { self.current.body.append(UInt8(ascii: "\n")) }
        self.current.lineNumbers.append(self.lines)
        self.current.lastChange = self.changes
        self.current.inputBytes = self.bytes
        if self.current.count == self.limits.changes { self.cut() }
    }

    private mutating func cut() {
        guard self.current.count > 0 else { return }
        self.current.key = self.chain.key(ofNext: self.current.body)
        self.finished.append(self.current)
        self.current = Batch()
    }

    private func tooLong() -> ClientError {
        ClientError(
            .invalidArgument,
            "line \(self.lines + 1) is longer than the \(Limits.mostBytes) bytes of a batch")
    }
}
