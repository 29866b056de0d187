import LogFormat
import LogModel
import LogStorage
import Testing

/// A log of small segments with random changes, on which maintenance did all that it can.
struct UpkeptLog {
    /// What was done to the log.
    enum State: String, CaseIterable {
        /// Nothing: one segment.
        case open
        /// Full segments are not sealed.
        case unsealed
        /// Full segments are sealed and have indexes, and there are runs.
        case sealed
        /// They are cold.
        case cold
        /// Superseded records were removed.
        case compacted
        /// The first segments were removed.
        case retained
    }

    let directory: ScratchDirectory

    /// The time of the first batch; each one is a second later.
    private static let start: Int64 = 1_000_000_000

    init(_ state: State, isClosed: Bool = true, batches: Int = 1500) throws {
        self.directory = try ScratchDirectory()
        var upkeep = Upkeep(coldAge: nil)
        if state == .cold || state == .retained { upkeep.coldAge = 10_000_000 }
        if state == .compacted { upkeep.compactAge = 10_000_000 }
        if state == .retained { upkeep.retainByteCount = 5 * LogOptions.segmentByteCountMin }
        let writer = try self.directory.open(upkeep: upkeep).writer
        try Self.fill(writer, batches: state == .open ? 20 : batches) { time in
            if state != .open && state != .unsealed {
                while try writer.maintenance.step(now: time) != nil {}
            }
        }
        if isClosed { try writer.close() }
    }

    /// Appends random batches, some of producers, and commits now and then.
    static func fill(
        _ writer: LogWriter, batches: Int, seed: UInt64 = 7, _ afterCommit: (Int64) throws -> Void
    ) throws {
        var mill = ChangeMill(seed: seed)
        mill.paddingMax = 120
        for number in 0..<batches {
            let time = Self.start + Int64(number) * 1_000_000
            var batch = mill.batch()
            // Keys that come once or a few times, beside those that come all the time.
            batch.append(
                TestChange(key: .string("once \(number / 3)"), instance: "{\"n\":\(number)}"))
            let id = ProducerIdentity.ID(low: UInt64(number % 5 + 1), high: seed)
            let producer =
                number % 4 == 0
                ? ProducerIdentity(id: id, sequence: UInt64(number) + 1) : nil
            try writer.append(batch, producer: producer, time: time)
            if number % 10 == 9 {
                try writer.commit()
                try afterCommit(time)
            }
        }
        try writer.commit()
        try afterCommit(Self.start + Int64(batches) * 1_000_000)
    }

    /// All findings.
    func findings(keyCountMax: Int = 1000, isDeep: Bool = true) throws -> [Finding] {
        try Self.findings(self.directory.path, keyCountMax: keyCountMax, isDeep: isDeep).findings
    }

    static func findings(
        _ path: String, keyCountMax: Int = 100_000, isDeep: Bool = true
    ) throws -> (findings: [Finding], summary: LogVerifier.Summary) {
        var findings: [Finding] = []
        let verifier = LogVerifier(LogDirectory(path), keyCountMax: keyCountMax, isDeep: isDeep) {
            findings.append($0)
        }
        let summary = try verifier.verify()
        return (findings, summary)
    }
}

extension Finding: CustomTestStringConvertible {
    /// The finding as one line.
    public var testDescription: String {
        "\(self.severity.rawValue) \(self.file) byte \(self.position ?? -1) "
            + "offset \(self.offset?.description ?? "-"): \(self.reason)"
    }
}
