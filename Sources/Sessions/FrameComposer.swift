package import LogFormat
package import LogModel
package import WireProtocol

/// Puts records into frames that end with a batch, for one or several subscriptions of one client.
///
/// One subscription gets several batches in one frame, up to a size. Several get a frame for each batch, so that
/// all frames are in the order of the log. A batch that is too large for a frame comes in parts, of which only the
/// last one has a token.
package struct FrameComposer: Sendable {
    /// A frame that is being filled.
    private struct Frame {
        let id: UInt64
        /// The records, joined by the dialect's separator.
        var records: [UInt8] = []
        /// Whether parts of the frame were sent before, so that it has to end, also without a record.
        var isContinued = false
    }

    private let dialect: Dialect
    private let joinsBatches: Bool
    private let byteCountGoal: Int
    private let byteCountMax: Int
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
    ///   - limits: how large frames are.
    package init(dialect: Dialect, joinsBatches: Bool, limits: SessionLimits) {
        self.dialect = dialect
        self.joinsBatches = joinsBatches
        self.byteCountGoal = limits.frameByteCountGoal
        self.byteCountMax = limits.frameByteCountMax
    }

    /// Whether nothing was given to it since ``take()``.
    package var isEmpty: Bool { self.bytes.isEmpty && self.frames.isEmpty }

    /// Bytes that it has.
    package var byteCount: Int {
        self.frames.reduce(self.bytes.count) { $0 + $1.records.count }
    }

    /// Adds a record for the subscription `id`.
    ///
    /// - Parameters:
    ///   - entry: the group by which it was found.
    ///   - form: how the subscription's records are told.
    ///   - view: what is seen of the instance.
    package mutating func add(
        _ record: borrowing RecordView, _ change: SetChange, _ entry: GroupEntry, to id: UInt64,
        as form: RecordForm = .livelog1, seen view: View = .whole,
        by renderer: inout RecordRenderer
    ) {
        switch form {
        case .livelog1: self.append(record, change, to: id, view, by: &renderer)
        case .restLive1(let model):
            // The original tells a group of its instances only: one that has left is another group's now.
            guard change != .left else { return }
            renderer.appendRestLive1Frame(record, entry, view, model: model, to: &self.bytes)
        case .restLive2(let form):
            renderer.appendRestLive2Frame(record, change, form, view, to: &self.bytes)
        }
        self.recordCount += 1
    }

    private mutating func append(
        _ record: borrowing RecordView, _ change: SetChange, to id: UInt64, _ view: View,
        by renderer: inout RecordRenderer
    ) {
        let place = self.place(of: id)
        if self.frames[place].records.count >= self.byteCountMax { self.sendPart(place) }
        if !self.frames[place].records.isEmpty {
            self.frames[place].records.append(self.dialect.recordSeparator)
        }
        renderer.appendLivelog1(record, change, view, to: &self.frames[place].records)
    }

    /// Notes that `id` was sent parts of the batch at hand by another composer.
    package mutating func continueBatch(for id: UInt64) {
        self.frames[self.place(of: id)].isContinued = true
    }

    private mutating func place(of id: UInt64) -> Int {
        if let place = self.frames.lastIndex(where: { $0.id == id }) { return place }
        self.frames.append(Frame(id: id))
        return self.frames.count - 1
    }

    private mutating func sendPart(_ place: Int) {
        self.dialect.appendChanges(
            self.frames[place].id, records: self.frames[place].records, token: nil, to: &self.bytes)
        self.frames[place].records.removeAll(keepingCapacity: true)
        self.frames[place].isContinued = true
    }

    /// Sends what there is of the batch at hand, which goes on. Returns who was sent parts of it, now or before.
    package mutating func endPart() -> [UInt64] {
        for place in self.frames.indices where !self.frames[place].records.isEmpty {
            self.sendPart(place)
        }
        let continued = self.frames.filter(\.isContinued).map(\.id)
        self.frames.removeAll(keepingCapacity: true)
        return continued
    }

    /// Ends the frames, if it is time to: a batch has ended, after which `token` resumes.
    ///
    /// - Parameter isForced: end them whatever their size.
    package mutating func endBatch(isForced: Bool = false, token: () -> String) {
        guard let first = self.frames.first else { return }
        if self.joinsBatches, !isForced, !first.isContinued,
            first.records.count < self.byteCountGoal
        {
            return
        }
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
