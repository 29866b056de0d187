import LogFormat
import LogModel
import Matching
import Replication
import Sessions
import WireProtocol

/// A piece of a subscription while its records are gone through: what the matcher's side and what the second judge have
/// for it of the batch at hand.
final class RunningPiece {
    /// What a side has for a subscription of a record.
    struct Given: Hashable {
        let offset: Offset
        let change: SetChange
    }

    let piece: RecordedSubscription.Piece
    /// The place of its subscription among those that are run.
    let subscription: Int
    let predicate: Predicate
    private let id: UInt64
    private let form: RecordForm
    private let dialect: Dialect
    private var composer: FrameComposer
    private(set) var found: [Given] = []
    private var plain: [UInt8] = []
    private(set) var judged: [Given] = []
    /// Where what is told of each of them ends, from the first one on.
    private(set) var judgedEnds: [Int] = []

    init(
        _ piece: RecordedSubscription.Piece, of subscription: RecordedSubscription, at place: Int,
        _ predicate: Predicate
    ) {
        self.piece = piece
        self.subscription = place
        self.predicate = predicate
        self.id = subscription.id
        self.form = subscription.form
        self.dialect = subscription.dialect
        // A frame for each batch, however large: how the server divides them has nothing to do with what is in them.
        var limits = SessionLimits()
        limits.frameByteCountGoal = 0
        limits.frameByteCountMax = .max
        self.composer = FrameComposer(
            dialect: subscription.dialect, joinsBatches: false, limits: limits)
    }

    var isTouched: Bool { !self.found.isEmpty || !self.judged.isEmpty }

    /// Adds a record that the matcher has found for it.
    func add(
        found record: borrowing RecordView, _ change: SetChange, _ entry: GroupEntry,
        by renderer: inout RecordRenderer
    ) {
        self.found.append(Given(offset: record.offset, change: change))
        self.composer.add(
            record, change, entry, to: self.id, as: self.form,
            seen: self.predicate.view(of: record, change), by: &renderer)
    }

    /// Adds a record of which the second judge says this.
    func add(judged record: PlainRecord, _ change: SetChange) {
        self.judged.append(Given(offset: record.offset, change: change))
        if self.form == .livelog1, !self.plain.isEmpty {
            self.plain.append(self.dialect.recordSeparator)
        }
        record.append(change, self.form, self.piece.filter, to: &self.plain)
        self.judgedEnds.append(self.plain.count)
    }

    /// Takes the frames of both sides at the end of a batch, after which `token` resumes; nil within one.
    func take(_ token: String?) -> (found: [UInt8], plain: [UInt8]) {
        if let token {
            self.composer.endBatch(isForced: true) { token }
        } else {
            _ = self.composer.endPart()
        }
        let found = self.composer.take().bytes
        var plain = self.plain
        if self.form == .livelog1, !self.judged.isEmpty {
            plain = []
            self.dialect.appendChanges(self.id, records: self.plain, token: token, to: &plain)
        }
        self.plain = []
        return (found, plain)
    }

    /// Forgets the records of the batch at hand.
    func clear() {
        self.found.removeAll(keepingCapacity: true)
        self.judged.removeAll(keepingCapacity: true)
        self.judgedEnds.removeAll(keepingCapacity: true)
    }

    /// A message with what is told at the start.
    func message(_ records: [UInt8], token: String) -> [UInt8] {
        var message: [UInt8] = []
        if self.piece.opening == .snapshot {
            self.dialect.appendSnapshot(
                self.id, records: records, token: token, isPartial: false, to: &message)
        } else {
            self.dialect.appendChanges(self.id, records: records, token: token, to: &message)
        }
        return message
    }

    /// What stands between the JSON of two records.
    var separator: UInt8 { self.dialect.recordSeparator }
}
