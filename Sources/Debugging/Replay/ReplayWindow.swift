import LogModel

/// The batches of a replay that are on their way: sent, and not answered yet. Answers come in the order of the batches.
package struct ReplayWindow: Sendable {
    /// A batch that was sent.
    package struct Sent: Sendable {
        /// The batch.
        package let batch: ReplayBatch
        /// When it was due, on the replay's clock; nil if it never was.
        package let due: Duration?
    }

    /// The bytes on their way, unless it is one batch that has more: 8 MiB.
    package static let byteCountMax = 8 << 20

    private let batchCountMax: Int
    private var sent: [Sent] = []
    /// Where `sent` begins: what is before was answered.
    private var head = 0
    private var byteCount = 0

    /// Creates a window for at most `batchCountMax` batches, at least 1.
    package init(batchCountMax: Int) {
        precondition(batchCountMax > 0, "a window is for a batch at least")
        self.batchCountMax = batchCountMax
    }

    /// Whether nothing is on its way.
    package var isEmpty: Bool { self.head == self.sent.count }
    /// The batches on their way, in order.
    package var unanswered: ArraySlice<Sent> { self.sent[self.head...] }

    /// Whether `batch` can be sent now.
    package func hasRoom(for batch: ReplayBatch) -> Bool {
        self.isEmpty
            || self.unanswered.count < self.batchCountMax
                && self.byteCount + batch.message.count <= Self.byteCountMax
    }

    /// Notes that a batch is sent.
    package mutating func add(_ batch: ReplayBatch, due: Duration?) {
        self.sent.append(Sent(batch: batch, due: due))
        self.byteCount += batch.message.count
    }

    /// Takes the first batch, to which an answer with this number came; nil if it is not the first one's.
    package mutating func take(_ number: UInt64) -> Sent? {
        guard let first = self.unanswered.first, first.batch.first.rawValue == number else {
            return nil
        }
        self.byteCount -= first.batch.message.count
        self.head += 1
        // Now and then, so that it costs little.
        if self.head >= self.batchCountMax {
            self.sent.removeFirst(self.head)
            self.head = 0
        }
        return first
    }
}
