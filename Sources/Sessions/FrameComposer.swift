package import LogFormat
package import LogModel
package import WireProtocol

/// Puts records into frames that end with a batch, for one or several subscriptions of one client.
///
/// One subscription gets several batches in one frame, up to a size. Several get a frame for each batch, so that
/// all frames are in the order of the log.
package struct FrameComposer: Sendable {
    /// A frame that is being filled.
    private struct Frame {
        let id: UInt64
        /// The records, joined by the dialect's separator.
        var records: [UInt8] = []
    }

    private let dialect: Dialect
    private let joinsBatches: Bool
    private let byteCountGoal: Int
    /// Frames by the order in which they got their first record.
    private var frames: [Frame] = []
    /// Messages that are complete, framed as the dialect has it.
    private var bytes: [UInt8] = []
    /// Records that were added since ``take()``.
    private var recordCount = 0

    /// Creates a composer that has nothing.
    ///
    /// - Parameters:
    ///   - joinsBatches: whether one frame can have several batches: for a client with one subscription.
    ///   - byteCountGoal: bytes of records after which a frame ends with its batch.
    package init(dialect: Dialect, joinsBatches: Bool, byteCountGoal: Int) {
        self.dialect = dialect
        self.joinsBatches = joinsBatches
        self.byteCountGoal = byteCountGoal
    }

    /// Whether nothing was given to it since ``take()``.
    package var isEmpty: Bool { self.bytes.isEmpty && self.frames.isEmpty }

    /// Bytes that it has.
    package var byteCount: Int {
        self.frames.reduce(self.bytes.count) { $0 + $1.records.count }
    }

    /// Adds a record for the subscription `id`.
    ///
    /// - Parameter entry: the group by which it was found.
    package mutating func add(
        _ record: borrowing RecordView, _ change: SetChange, _ entry: GroupEntry, to id: UInt64,
        by renderer: inout RecordRenderer
    ) {
        guard self.dialect != .restLive1 else {
            // The original tells a group of its instances only: one that has left is another group's now.
            guard change != .left else { return }
            self.recordCount += 1
            renderer.appendRestLive1Frame(record, entry, to: &self.bytes)
            return
        }
        self.recordCount += 1
        var place = self.frames.count - 1
        while place >= 0, self.frames[place].id != id { place -= 1 }
        if place < 0 {
            self.frames.append(Frame(id: id))
            place = self.frames.count - 1
        } else {
            self.frames[place].records.append(self.dialect.recordSeparator)
        }
        renderer.appendLivelog1(record, change, to: &self.frames[place].records)
    }

    /// Ends the frames, if it is time to: a batch has ended, after which `token` resumes.
    ///
    /// - Parameter isForced: end them whatever their size.
    package mutating func endBatch(isForced: Bool = false, token: () -> String) {
        guard let first = self.frames.first else { return }
        if self.joinsBatches && !isForced && first.records.count < self.byteCountGoal { return }
        let text = token()
        for frame in self.frames {
            self.dialect.appendChanges(
                frame.id, records: frame.records, token: text, to: &self.bytes)
        }
        self.frames.removeAll(keepingCapacity: true)
    }

    /// Adds a whole message.
    package mutating func addMessage(_ append: (_ dialect: Dialect, _ bytes: inout [UInt8]) -> Void)
    {
        append(self.dialect, &self.bytes)
    }

    /// Takes the messages that are complete. To be called between two batches whose frames have ended.
    package mutating func take() -> OutboundBytes {
        let taken = OutboundBytes(self.bytes, recordCount: self.recordCount)
        self.bytes = []
        self.recordCount = 0
        return taken
    }
}
