import LogModel
import LogStorage
import Matching
import Replication
import WireProtocol

/// What both sides have for a subscription, and how it differs.
extension SessionReplay {
    func compare(_ running: RunningPiece, _ token: String?, at end: Offset) {
        let (found, plain) = running.take(token)
        let number = running.subscription
        if !found.isEmpty {
            self.report.digests[number].add(found, records: running.found.count, end: end)
            self.onFrame(self.subscriptions[number], found)
        }
        if found != plain || running.found != running.judged {
            self.note(
                number, (running.found, found), (running.judged, plain, running.judgedEnds), at: end
            )
        }
        running.clear()
    }

    /// Notes how what the matcher's side has, records and bytes, differs from what the second judge has.
    private func note(
        _ number: Int, _ found: (records: [RunningPiece.Given], bytes: [UInt8]),
        _ judged: (records: [RunningPiece.Given], bytes: [UInt8], ends: [Int]), at end: Offset
    ) {
        let subscription = self.subscriptions[number]
        var (offset, text) = (end, "")
        if let pair = SessionDifferenceText.firstPair(found.records, judged.records) {
            (offset, text) = pair
        } else {
            let parted = SessionDifferenceText.bytes(
                found.bytes, judged.bytes, ends: judged.ends)
            offset = parted.record.map { judged.records[$0].offset } ?? end
            text = parted.text
        }
        self.report.note(
            SessionDifference(
                session: subscription.session, number: subscription.number, offset: offset,
                text: text))
    }

    /// Tells a subscription what it is told at the start.
    func open(_ running: RunningPiece) throws(StorageError) {
        let piece = running.piece
        let token = try self.log.token(at: piece.start).text
        var records: [UInt8] = []
        let entries = try self.entries(of: running)
        for entry in entries {
            if !records.isEmpty { records.append(running.separator) }
            _ = try self.log.withRecord(at: entry.offset) { record in
                self.renderer.appendLivelog1(
                    record, entry.change,
                    running.predicate.view(of: record, entry.change, by: entry.clause),
                    to: &records)
            }
        }
        let told = try self.plainOpening(running)
        let frame = running.message(records, token: token)
        let plain = running.message(told.bytes, token: token)
        self.report.digests[running.subscription].add(
            frame, records: entries.count, end: piece.start)
        self.onFrame(self.subscriptions[running.subscription], frame)
        guard frame != plain else { return }
        self.note(
            running.subscription,
            (entries.map { .init(offset: $0.offset, change: $0.change) }, frame),
            (told.records, plain, told.ends), at: piece.start)
    }

    /// Steps of a summary are as long as they can be.
    private static var stepMax: Int { 1 << 30 }

    private func entries(
        of running: RunningPiece
    ) throws(StorageError) -> [NetChanges.Entry] {
        let (piece, predicate) = (running.piece, running.predicate)
        switch piece.opening {
        case nil: return []
        case .snapshot:
            var net = NetChanges(of: predicate, in: self.log, from: .zero, to: piece.start)
            return try net.entries()
        case .changes(let start):
            var net = NetChanges(of: predicate, in: self.log, from: start, to: piece.start)
            return try net.entries()
        case .sight(let before, let principal, let place):
            var change = SightChange(
                from: self.predicate(before, for: principal), at: place, to: predicate,
                at: piece.start, in: self.log, by: DecisionCache())
            while try !change.step(postingsMax: Self.stepMax) {}
            return change.entries
        }
    }

    private func plainOpening(
        _ running: RunningPiece
    ) throws(StorageError) -> (records: [RunningPiece.Given], bytes: [UInt8], ends: [Int]) {
        let opening = PlainOpening(piece: running.piece)
        let known = opening.subjects.compactMap { subject, at in
            self.seen[Look(subject: subject, at: at)]
        }
        var told: (records: [RunningPiece.Given], bytes: [UInt8], ends: [Int]) = ([], [], [])
        for entry in opening.entries(known) {
            let record = try self.log.withRecord(at: entry.offset) {
                PlainRecord($0, hasContent: true)
            }
            guard let record, opening.tells(record, entry) else { continue }
            if !told.bytes.isEmpty { told.bytes.append(running.separator) }
            record.append(entry.change, .livelog1, running.piece.filter, to: &told.bytes)
            told.ends.append(told.bytes.count)
            told.records.append(.init(offset: entry.offset, change: entry.change))
        }
        return told
    }
}
