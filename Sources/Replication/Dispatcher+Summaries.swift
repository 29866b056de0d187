import LogFormat
import LogModel
import LogStorage
import Logging
import Matching
import Sessions
import WireProtocol

/// How a subscription gets a snapshot, or the net changes since its token: made in bounded steps, by the loop and not
/// by the sessions, so that a socket which takes nothing holds up nobody; sent in pages as each socket takes them;
/// and followed by the stream from the offset that it describes.
///
///     waiting     in `awaiting`, until there is room, in turn
///                 in `making`, with everybody else who shares the summary
///     summarizing sent page by page
///     lagging     from the summary's end
extension Dispatcher {
    // MARK: - Waiting

    /// Lets the waiting subscription in `slot` have a summary as soon as there is room to make it.
    func want(_ wanted: SummaryReading.Wanted, _ index: Int, _ slot: Int) {
        let place = SubscriptionPlace(session: index, slot: slot)
        self.summaries[place] = SummaryReading(wanted)
        self.awaiting.append(place)
        self.beginSummaries()
    }

    /// Whether another summary may be begun.
    var hasRoomForSummary: Bool {
        self.making.count + self.undecidedSummaryCount < self.limits.summariesMax
            && self.summaryHoldings.entryCount < self.limits.summaryEntriesMax
    }

    /// Begins the summaries of those who wait, in turn, as far as there is room.
    func beginSummaries() {
        if self.summaryHoldings.entryCount >= self.limits.summaryEntriesMax {
            // Those that nobody is being sent any more.
            self.recentSnapshots.removeAll()
        }
        let begun = self.awaiting.prefix { self.beginSummary($0) }.count
        if begun > 0 { self.awaiting.removeFirst(begun) }
    }

    /// Returns false if it has to wait.
    private func beginSummary(_ place: SubscriptionPlace) -> Bool {
        guard let wanted = self.summaries[place]?.wanted, self.summaries[place]?.summary == nil,
            let predicate = self.entries[place.session]?.session.subscriptions[place.slot]
                .predicate
        else { return true }
        guard let summary = self.summary(wanted, predicate) else { return false }
        self.summaries[place]?.summary = summary
        if summary.isMade {
            self.beginSending(summary, to: place)
        } else {
            summary.readers.append(place)
        }
        return true
    }

    /// The summary that is wanted; nil if there is no room for it.
    private func summary(_ wanted: SummaryReading.Wanted, _ predicate: Predicate) -> Summary? {
        let visible = self.log.watermarks.visible
        switch wanted {
        case .snapshot(let reached):
            // The one that others get already, if it is not much older.
            if let recent = self.recentSnapshots[predicate.filter], recent.end >= reached,
                visible.distance(from: recent.end) <= self.limits.snapshotAgeMax
            {
                return recent
            }
            let made = self.newSummary(.snapshot, predicate, from: .zero, to: visible)
            if let made { self.recentSnapshots[predicate.filter] = made }
            return made
        case .netChanges(let start):
            return self.newSummary(.netChanges, predicate, from: start, to: visible)
        case .sightChange(let before, let principal, let place):
            return self.adding {
                Summary(
                    from: before, of: principal, at: place, to: predicate,
                    at: max(place, self.cursor), in: self.log, by: self.decisions,
                    countedIn: self.summaryHoldings)
            }
        }
    }

    private func newSummary(
        _ kind: Summary.Kind, _ predicate: Predicate, from start: Offset, to end: Offset
    ) -> Summary? {
        self.adding {
            Summary(
                kind, of: predicate, in: self.log, from: start, to: end, by: self.decisions,
                countedIn: self.summaryHoldings)
        }
    }

    private func adding(_ make: () -> Summary) -> Summary? {
        guard self.hasRoomForSummary else { return nil }
        let summary = make()
        self.making.append(summary)
        return summary
    }

    // MARK: - Making

    /// Takes a step of the making of one summary, and of another one the next time.
    func makeSummaries() {
        self.beginSummaries()
        guard let summary = self.making.first else { return }
        self.making.removeFirst()
        do throws(StorageError) {
            let isMade = try summary.makeOn(postingsMax: self.limits.postingsMax)
            if summary.instanceCount > self.limits.snapshotInstancesMax {
                self.refuse(
                    summary, .snapshotTooLarge,
                    "the snapshot has more than \(self.limits.snapshotInstancesMax) instances: ask for a "
                        + "smaller group")
            } else if isMade {
                let readers = summary.readers
                summary.readers = []
                for place in readers { self.beginSending(summary, to: place) }
            } else if summary.undecided.isEmpty {
                self.making.append(summary)
            } else if !self.ask(summary.undecided, for: summary) {
                self.forget(summary)
            }
        } catch {
            if error.code == .retained {
                self.refuse(summary, .retained, error.message)
            } else {
                self.logger.error("a snapshot cannot be made: \(error)")
                self.forget(summary)
                for place in summary.readers { self.fail(place.session) }
            }
        }
    }

    /// Ends the subscriptions that wait for a summary which is not to be.
    private func refuse(_ summary: Summary, _ reason: ResetReason, _ message: String) {
        self.forget(summary)
        let readers = summary.readers
        summary.readers = []
        for place in readers {
            var output: [UInt8] = []
            self.dropSummary(place.session, place.slot)
            self.reset(place.session, place.slot, reason, message, output: &output)
            self.send(OutboundBytes(output), to: place.session)
            self.closeIfOver(place.session)
        }
    }

    /// Lets nobody else have a summary.
    func forget(_ summary: Summary) {
        for (filter, recent) in self.recentSnapshots where recent === summary {
            self.recentSnapshots[filter] = nil
        }
    }

    // MARK: - Sending

    private func beginSending(_ summary: Summary, to place: SubscriptionPlace) {
        self.entries[place.session]?.session.beginSummary(place.slot, at: summary.end)
        self.noteTold(summary, place)
        self.queueIfBehind(place.session)
    }

    /// The next page of each summarizing subscription of a session.
    func takeSummarySteps(_ index: Int) throws(StorageError) -> OutboundBytes {
        var output: [UInt8] = []
        var recordCount = 0
        let subscriptions = self.entries[index]?.session.subscriptions ?? []
        for slot in subscriptions.indices where subscriptions[slot].phase == .summarizing {
            guard output.count < self.limits.catchUpByteCountMax else { break }
            let place = SubscriptionPlace(session: index, slot: slot)
            guard let reading = self.summaries[place], let summary = reading.summary else {
                continue
            }
            do throws(StorageError) {
                recordCount += try self.takePage(index, slot, reading, summary, output: &output)
            } catch {
                guard error.code == .retained else { throw error }
                self.dropSummary(index, slot)
                self.reset(index, slot, .retained, error.message, output: &output)
            }
        }
        return OutboundBytes(output, recordCount: recordCount)
    }

    /// Adds the next page, and with the last one lets the subscription lag from where the summary ends. Returns how
    /// many records the page has. If it throws it has added nothing.
    private func takePage(
        _ index: Int, _ slot: Int, _ reading: SummaryReading, _ summary: Summary,
        output: inout [UInt8]
    ) throws(StorageError) -> Int {
        guard let session = self.entries[index]?.session, let entries = summary.entries,
            let predicate = session.subscriptions[slot].predicate
        else { return 0 }
        var position = reading.position
        var records: [UInt8] = []
        while position < entries.count, records.count < self.sessionLimits.frameByteCountGoal {
            if !records.isEmpty { records.append(session.dialect.recordSeparator) }
            let entry = entries[position]
            let rendered: Void? = try self.log.withRecord(at: entry.offset) { record in
                self.renderer.appendLivelog1(
                    record, entry.change,
                    predicate.view(of: record, entry.change, by: entry.clause), to: &records)
            }
            guard rendered != nil else {
                throw StorageError(
                    .retained,
                    "records of this snapshot were removed while it was sent: begin anew",
                    offset: entry.offset)
            }
            position += 1
        }
        let isLast = position == entries.count
        let token = isLast ? try self.log.token(at: summary.end).text : nil
        self.appendPart(
            summary.kind, records, token: token, isPartial: isLast && summary.isPartial,
            of: session.subscriptions[slot].id, in: session.dialect, to: &output)
        if isLast {
            self.dropSummary(index, slot)
            self.entries[index]?.session.endSummary(slot)
            self.entries[index]?.wantedTicks = 0
        } else {
            let place = SubscriptionPlace(session: index, slot: slot)
            self.summaries[place]?.position = position
        }
        return position - reading.position
    }

    private func appendPart(
        _ kind: Summary.Kind, _ records: [UInt8], token: String?, isPartial: Bool = false,
        of id: UInt64, in dialect: Dialect, to output: inout [UInt8]
    ) {
        switch kind {
        case .snapshot:
            dialect.appendSnapshot(
                id, records: records, token: token, isPartial: isPartial, to: &output)
        case .netChanges:
            dialect.appendChanges(id, records: records, token: token, to: &output)
        }
    }

    /// Tells the waiting subscriptions of a session that their answer is on its way: a part without records.
    func tellWaiting(_ index: Int, output: inout [UInt8]) {
        guard let session = self.entries[index]?.session else { return }
        for slot in session.subscriptions.indices
        where session.subscriptions[slot].phase == .waiting {
            let place = SubscriptionPlace(session: index, slot: slot)
            guard let wanted = self.summaries[place]?.wanted else { continue }
            let kind: Summary.Kind =
                switch wanted {
                case .snapshot: .snapshot
                case .netChanges, .sightChange: .netChanges
                }
            self.appendPart(
                kind, [], token: nil, of: session.subscriptions[slot].id, in: session.dialect,
                to: &output)
        }
    }

    // MARK: - Letting go

    /// Forgets what a subscription was to be sent. What nobody waits for is not made on.
    func dropSummary(_ index: Int, _ slot: Int) {
        let place = SubscriptionPlace(session: index, slot: slot)
        self.dropCount(place)
        guard let reading = self.summaries.removeValue(forKey: place) else { return }
        guard let summary = reading.summary else {
            self.awaiting.removeAll { $0 == place }
            return
        }
        guard let reader = summary.readers.firstIndex(of: place) else { return }
        summary.readers.remove(at: reader)
        guard summary.readers.isEmpty else { return }
        self.making.removeAll { $0 === summary }
        self.forget(summary)
    }

    /// Lets go of snapshots that nobody else will ask for, and of clients that do not read theirs, or read so slowly
    /// that others wait for their room.
    func forgetSummaries() {
        self.recentSnapshots = self.recentSnapshots.filter { !$0.value.isMade }
        let isRoomWanted = !self.awaiting.isEmpty && !self.hasRoomForSummary
        for index in Set(self.summaries.keys.map(\.session)) {
            guard let session = self.entries[index]?.session,
                session.subscriptions.contains(where: { $0.phase == .summarizing })
            else { continue }
            if session.isBlocked { self.entries[index]?.blockedTicks += 1 }
            if isRoomWanted { self.entries[index]?.wantedTicks += 1 }
            guard let entry = self.entries[index] else { continue }
            if entry.blockedTicks > self.limits.unreadSnapshotTicksMax
                || entry.wantedTicks > self.limits.sentSnapshotTicksMax
            {
                self.close(index, .unread, "the snapshot is not read")
            }
        }
    }
}
