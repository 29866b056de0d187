import LogFormat
import LogModel
import LogStorage
import Logging
import Matching
import Sessions
import WireProtocol

/// How a subscription gets a snapshot, or the net changes since its token: made in bounded steps, sent in pages as
/// the socket takes them, and followed by the stream from the offset that it describes.
extension Dispatcher {
    /// The snapshot of a filter as of now; the one that others get already, if it is not much older.
    ///
    /// - Parameter reached: what its reader has had before, behind which it must not go back.
    func snapshot(_ predicate: Predicate, notBefore reached: Offset) -> Summary {
        let visible = self.log.watermarks.visible
        if let recent = self.recentSnapshots[predicate.filter], recent.end >= reached,
            visible.distance(from: recent.end) <= self.limits.snapshotAgeMax
        {
            return recent
        }
        let summary = Summary(
            .snapshot, of: predicate, in: self.log, from: .zero, to: visible)
        self.recentSnapshots[predicate.filter] = summary
        return summary
    }

    /// Takes a step for each summarizing subscription of a session. Returns what is to be sent.
    func takeSummarySteps(_ index: Int) throws(StorageError) -> OutboundBytes {
        var output: [UInt8] = []
        var recordCount = 0
        let subscriptions = self.entries[index]?.session.subscriptions ?? []
        for slot in subscriptions.indices where subscriptions[slot].phase == .summarizing {
            recordCount += try self.takeSummaryStep(index, slot, output: &output)
        }
        return OutboundBytes(output, recordCount: recordCount)
    }

    /// Returns how many records are to be sent.
    private func takeSummaryStep(
        _ index: Int, _ slot: Int, output: inout [UInt8]
    ) throws(StorageError) -> Int {
        let place = SubscriptionPlace(session: index, slot: slot)
        guard let reading = self.summaries[place] else { return 0 }
        let summary = reading.summary
        guard summary.isMade else {
            try summary.makeOn(postingsMax: self.limits.postingsMax)
            if summary.instanceCount > self.limits.snapshotInstancesMax {
                self.dropSummary(index, slot)
                self.reset(
                    index, slot, .snapshotTooLarge,
                    "the snapshot has more than \(self.limits.snapshotInstancesMax) instances: ask for a "
                        + "smaller group", output: &output)
            }
            return 0
        }
        return try self.sendPage(index, slot, reading, output: &output)
    }

    /// Adds the next page, and with the last one lets the subscription lag from where the summary ends. Returns how
    /// many records the page has.
    private func sendPage(
        _ index: Int, _ slot: Int, _ reading: SummaryReading, output: inout [UInt8]
    ) throws(StorageError) -> Int {
        guard let session = self.entries[index]?.session else { return 0 }
        let entries = reading.summary.entries
        var position = reading.position
        var records: [UInt8] = []
        while position < entries.count, records.count < self.sessionLimits.frameByteCountGoal {
            if !records.isEmpty { records.append(session.dialect.recordSeparator) }
            let entry = entries[position]
            let rendered: Void? = try self.log.withRecord(at: entry.offset) { record in
                self.renderer.appendLivelog1(record, entry.change, to: &records)
            }
            if rendered == nil {
                // Superseded since the summary was made, and removed: its reader was away for that long.
                self.dropSummary(index, slot)
                self.reset(
                    index, slot, .retained,
                    "records of this snapshot were removed while it was sent: begin anew",
                    output: &output)
                return 0
            }
            position += 1
        }
        let isLast = position == entries.count
        let end = reading.summary.end
        let token = isLast ? try self.log.token(at: end).text : nil
        let id = session.subscriptions[slot].id
        switch reading.summary.kind {
        case .snapshot:
            session.dialect.appendSnapshot(
                id, records: records, token: token,
                isPartial: isLast && reading.summary.isPartial, to: &output)
        case .netChanges:
            session.dialect.appendChanges(id, records: records, token: token, to: &output)
        }
        if isLast {
            self.dropSummary(index, slot)
            self.entries[index]?.session.endSummary(slot)
        } else {
            let place = SubscriptionPlace(session: index, slot: slot)
            self.summaries[place]?.position = position
        }
        return position - reading.position
    }

    /// Forgets what a subscription was being sent.
    func dropSummary(_ index: Int, _ slot: Int) {
        self.summaries[SubscriptionPlace(session: index, slot: slot)] = nil
    }

    /// Lets go of snapshots that nobody else will ask for, and of clients that do not read theirs.
    func forgetSummaries() {
        self.recentSnapshots.removeAll()
        for place in self.summaries.keys {
            guard self.entries[place.session]?.session.isBlocked == true else { continue }
            self.entries[place.session]?.blockedTicks += 1
            if let entry = self.entries[place.session],
                entry.blockedTicks > self.limits.unreadSnapshotTicksMax
            {
                self.close(place.session, .unread, "the snapshot is not read")
            }
        }
    }
}
