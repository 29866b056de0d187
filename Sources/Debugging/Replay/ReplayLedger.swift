package import LogModel

/// What a replay knows of its batches: which are on their way, what became of the others, and from where on nothing is
/// known.
///
/// Invariants:
/// - everything below ``next`` is at the target, or was refused and is in ``refused``;
/// - a batch that was refused, and was not to be left out, stays above ``next`` until one behind it is taken. Then it
///   cannot come to its place any more: the target appends in the order of the batches' numbers.
package struct ReplayLedger: Sendable {
    private let skipsRefused: Bool
    /// The batches on their way.
    package private(set) var window: ReplayWindow
    /// What became of the others in this run.
    package private(set) var tally = ReplayTally()
    /// Where a further run goes on.
    package private(set) var next: Offset
    /// Where the target put what it took last.
    package private(set) var target: ReplayTally.Stretch?
    /// The batches below ``next`` that are not at the target, in this run or an earlier one: the first
    /// ``ReplayTally/refusalsMax`` of them.
    package private(set) var refused: [ClosedRange<Offset>]
    /// Batches that were refused and are not below ``next``.
    private var refusedHere: [ClosedRange<Offset>] = []
    /// Whether a batch was refused that is not to be left out: nothing more is to be sent.
    package private(set) var isStopped = false
    /// The offset up to which the target had acknowledged records that it does not have any more; nil if it has all, as
    /// far as can be seen.
    package private(set) var lostUpTo: UInt64?

    /// Begins at `next`, or goes on from there.
    ///
    /// - Parameters:
    ///   - window: as many batches may be on their way.
    ///   - skipsRefused: whether a batch that is refused is left out; otherwise it is the end.
    package init(
        from next: Offset, target: ReplayTally.Stretch? = nil, refused: [ClosedRange<Offset>] = [],
        window: Int, skipsRefused: Bool
    ) {
        self.next = next
        self.target = target
        self.refused = refused
        self.window = ReplayWindow(batchCountMax: window)
        self.skipsRefused = skipsRefused
    }

    /// Notes that `batch` goes on its way, for which there is room.
    package mutating func send(_ batch: ReplayBatch, due: Duration?) {
        self.window.add(batch, due: due)
    }

    /// Notes that the network has taken a message, of a batch that was due so long ago or never.
    package mutating func noteSent(byteCount: Int, late: Duration?) {
        self.tally.noteSent(byteCount: byteCount, late: late)
    }

    /// Takes the first batch that is on its way, to which an answer with this number came; nil if it is another's.
    package mutating func take(_ number: UInt64) -> ReplayWindow.Sent? {
        self.window.take(number)
    }

    /// Notes that a batch is at the target.
    ///
    /// - Parameters:
    ///   - place: where; nil if it only says that it is.
    ///   - isRepeated: whether it was there already.
    ///   - now: the time on the replay's clock.
    package mutating func acknowledge(
        _ sent: ReplayWindow.Sent, at place: ReplayTally.Stretch?, isRepeated: Bool, now: Duration
    ) {
        if let place {
            if !isRepeated, self.lostUpTo == nil, let last = self.target?.last, place.first <= last
            {
                self.lostUpTo = last
            }
            self.target = place
        }
        self.tally.noteTaken(
            recordCount: sent.batch.offsets.count, at: isRepeated ? nil : place,
            isRepeated: isRepeated,
            late: sent.due.map { now - $0 })
        self.pass(sent.batch)
    }

    /// Notes that a batch was refused, and is not on its way any more. Those before it were answered.
    package mutating func refuse(
        _ batch: ReplayBatch, offset: Offset? = nil, code: String, reason: String
    ) {
        let range = batch.first...(batch.end.previous ?? batch.first)
        self.tally.noteRefused(
            ReplayTally.Refusal(
                first: range.lowerBound, last: range.upperBound, offset: offset, code: code,
                reason: reason))
        self.refusedHere.append(range)
        if self.skipsRefused {
            self.pass(batch)
        } else {
            self.isStopped = true
        }
    }

    /// Notes that there is nothing more before `end`.
    package mutating func finish(at end: Offset) {
        self.next = max(self.next, end)
    }

    private mutating func pass(_ batch: ReplayBatch) {
        for range in self.refusedHere where self.refused.count < ReplayTally.refusalsMax {
            if !self.refused.contains(range) { self.refused.append(range) }
        }
        self.refusedHere = []
        self.next = batch.end
    }
}
