import LogModel
import Synchronization
import WireProtocol

/// Readers of changes that keep their memory from one use to the next. A reader is used by one at a time, so
/// nobody waits for another's.
///
/// Threads: any.
final class ReaderPool: Sendable {
    private final class Pooled: Sendable {
        let reader: Mutex<ChangeReader>
        init(limits: ChangeLimits) { self.reader = Mutex(ChangeReader(limits: limits)) }
    }

    private let limits: ChangeLimits
    private let readers = Mutex<[Pooled]>([])
    private static let keptMax = 8

    init(limits: ChangeLimits) {
        self.limits = limits
    }

    /// Reads changes; see ``ChangeReader/read(_:in:as:batching:rules:)``.
    func read(
        _ body: consuming [UInt8], in part: Range<Int>? = nil, as form: BodyForm,
        batching: Batching, rules: ModelRules
    ) throws(ChangeError) -> Changes {
        let pooled = self.readers.withLock { $0.popLast() } ?? Pooled(limits: self.limits)
        defer {
            self.readers.withLock { if $0.count < Self.keptMax { $0.append(pooled) } }
        }
        return try pooled.reader.withLock { reader throws(ChangeError) in
            // Taken out, so that the reader has the only reference and need not copy.
            let taken = body
            body = []
            return try reader.read(taken, in: part, as: form, batching: batching, rules: rules)
        }
    }
}
