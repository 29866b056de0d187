import LogFormat
import LogModel
import LogStorage
import Logging
import Matching
import Sessions
import WireProtocol

/// How a lagging session reads the log: by its subscriptions' cursors and the index, a bounded step at a time,
/// one session after the other, until its socket is full or its cursors reach the loop's.
///
/// A step takes a window of offsets from the lowest cursor on. Within it the postings of all lagging
/// subscriptions are merged, so that a session's records come in the order of the log. A window ends between two
/// batches, or, if a batch is larger than a step may be, within it: then its records are sent as parts.
extension Dispatcher {
    /// A subscription that lags, as a step sees it. Of a reference type, so that looking at it for each record
    /// copies nothing.
    private final class Reader {
        let slot: Int
        let id: UInt64
        let form: RecordForm
        let predicate: Predicate
        let next: Offset
        /// Whether it was sent parts of the batch that `next` is within.
        let hasParts: Bool
        /// Whether its client is told if something of the past is missing.
        let isTold: Bool

        init(slot: Int, _ subscription: Subscription, _ predicate: Predicate, isTold: Bool) {
            self.isTold = isTold
            self.slot = slot
            self.id = subscription.id
            self.form = subscription.form
            self.predicate = predicate
            self.next = subscription.next
            self.hasParts = subscription.hasParts
        }
    }

    /// What a step has read.
    private struct Window {
        /// The offset below which everything was read.
        var end: Offset
        /// Whether a batch goes on after `end`.
        var isWithinBatch = false
        /// The slots of those that were given something.
        var given: Set<Int> = []
        /// The slots of those of which nobody knows any more whether they had something that left. Then nothing was read.
        var lost: Set<Int> = []
    }

    /// Lets sessions that lag take one step each, in turn, as many as a turn may.
    func catchUp() {
        let waiting = self.lagging
        self.lagging.removeAll(keepingCapacity: true)
        self.catchUpWork = 0
        var byteCount = 0
        for (place, (index, ticket)) in waiting.enumerated() {
            if self.catchUpWork >= self.limits.catchUpWorkPerTurnMax
                || byteCount >= self.limits.byteCountPerTurnMax
            {
                // The others come before those that have had their step.
                self.lagging.insert(contentsOf: waiting[place...], at: 0)
                return
            }
            guard self.entries[index]?.ticket == ticket else { continue }
            self.entries[index]?.ticket = 0
            do throws(StorageError) {
                byteCount += try self.takeStep(index)
            } catch {
                // What was removed while the step was taken is told by the next one.
                if error.code != .retained {
                    self.logger.error("a session is closed: \(error)")
                    self.fail(index)
                    continue
                }
            }
            self.queueIfBehind(index)
        }
    }

    /// Returns how many bytes were sent.
    private func takeStep(_ index: Int) throws(StorageError) -> Int {
        self.catchUpWork += 1
        self.refuseWhatWasRemoved(index)
        var byteCount = 0
        if self.entries[index]?.session.isBlocked == false {
            byteCount += self.send(try self.takeSummarySteps(index), to: index)
        }
        if self.entries[index]?.session.isBlocked == false {
            byteCount += try self.readOn(index)
        }
        self.closeIfOver(index)
        self.joinLive(index)
        return byteCount
    }

    /// Reads on for the lagging subscriptions of a session until there is something to send, or nothing to read, or it
    /// has taken long enough.
    private func readOn(_ index: Int) throws(StorageError) -> Int {
        let workBefore = self.catchUpWork
        while self.catchUpWork - workBefore < self.limits.postingsMax {
            guard let session = self.entries[index]?.session else { return 0 }
            let readers = Self.readers(of: session)
            guard let start = readers.map(\.next).min(), start < self.cursor,
                let extent = try self.log.extent(at: start)
            else { return 0 }
            var composer = FrameComposer(
                dialect: session.dialect, joinsBatches: session.subscriptions.count == 1,
                limits: self.sessionLimits)
            for reader in readers where reader.hasParts && reader.next == start {
                composer.continueBatch(for: reader.id)
            }
            var lookup = DecisionLookup(self.decisions)
            let window = try self.readWindow(
                of: readers, from: start, in: extent, deciding: &lookup, to: &composer)
            // Again, for what was removed meanwhile: what was read may not be all.
            self.refuseWhatWasRemoved(index)
            guard readers.allSatisfy({ self.isLagging(index, $0.slot) }),
                self.entries[index]?.session.isBlocked == false
            else { return 0 }
            if !window.lost.isEmpty {
                for slot in window.lost { self.refuseWhatIsUnknown(index, slot) }
                continue
            }
            guard window.end > start else {
                self.ask(lookup.undecided, for: index)
                return 0
            }
            let output = try self.end(window, of: readers, of: index, &composer)
            let byteCount = self.send(output, to: index)
            self.ask(lookup.undecided, for: index)
            if byteCount > 0 || !lookup.undecided.isEmpty { return byteCount }
        }
        return 0
    }

    private static func readers(of session: Session) -> [Reader] {
        session.subscriptions.enumerated().compactMap { slot, subscription in
            guard subscription.isLagging, let predicate = subscription.predicate else { return nil }
            return Reader(
                slot: slot, subscription, predicate, isTold: session.dialect != .restLive)
        }
    }

    private func isLagging(_ index: Int, _ slot: Int) -> Bool {
        self.entries[index]?.session.subscriptions[slot].isLagging == true
    }

    /// Ends the frames of a window, and moves the cursors of its readers to its end.
    private func end(
        _ window: Window, of readers: [Reader], of index: Int, _ composer: inout FrameComposer
    ) throws(StorageError) -> OutboundBytes {
        var continued: [UInt64] = []
        if window.isWithinBatch {
            continued = composer.endPart()
        } else if !composer.isEmpty {
            let token = try self.log.token(at: window.end).text
            composer.endBatch(isForced: true) { token }
        }
        for reader in readers {
            let slot = reader.slot
            // Who is further on already has not been in this window.
            guard reader.next < window.end else { continue }
            self.entries[index]?.session.advance(slot, to: window.end)
            self.entries[index]?.session.noteWithinBatch(
                slot, window.isWithinBatch, hasParts: continued.contains(reader.id))
            if window.given.contains(slot), !window.isWithinBatch {
                self.entries[index]?.session.noteTold(slot)
            }
        }
        return composer.take()
    }

    /// Ends the lagging subscriptions of whose groups something was removed that they have not had; the others
    /// go on from what is kept. A client of rest-live is never told of the past and goes on too.
    private func refuseWhatWasRemoved(_ index: Int) {
        guard let session = self.entries[index]?.session else { return }
        let first = self.log.first
        for slot in session.subscriptions.indices where session.subscriptions[slot].isLagging {
            let subscription = session.subscriptions[slot]
            if session.dialect != .restLive, self.hasLost(subscription) {
                let failure = ChangeLog.ResumeFailure.retained
                var output: [UInt8] = []
                self.reset(index, slot, .retained, failure.explanation, output: &output)
                self.send(OutboundBytes(output), to: index)
            } else if subscription.next < first {
                self.entries[index]?.session.advance(slot, to: first)
            }
        }
    }

    /// Whether something was removed that the subscription should have had.
    private func hasLost(_ subscription: Subscription) -> Bool {
        let hashes = subscription.predicate?.driver ?? []
        for (place, hash) in hashes.enumerated() {
            let available = self.log.firstAvailable(of: hash)
            guard subscription.next < available else { continue }
            let known = subscription.removedBefore
            if !known.indices.contains(place) || known[place] < available { return true }
        }
        return false
    }

    // MARK: - A window

    /// Puts what `readers` want from `start` on into frames, up to the batch with the first record that is not decided.
    private func readWindow(
        of readers: [Reader], from start: Offset, in extent: SegmentExtent,
        deciding lookup: inout DecisionLookup, to composer: inout FrameComposer
    ) throws(StorageError) -> Window {
        var (window, offsets) = try self.findWindow(of: readers, from: start, in: extent)
        try self.endBeforeUndecided(
            &window, &offsets, of: readers, from: start, in: extent, &lookup)
        var batch = start..<start
        for (place, offset) in offsets.enumerated() {
            self.counted.catchUpRecords += 1
            extent.expect(offsets, after: place)
            if place == 0, readers.count > 1 {
                batch = try extent.batch(of: offset)
                if batch.lowerBound > start {
                    // What there were parts of is over, and ends before anything of the next batch.
                    let token = try self.log.token(at: batch.lowerBound).text
                    composer.endBatch(isForced: true) { token }
                }
            }
            _ = try extent.segment.withRecord(at: offset) { record in
                self.add(record, for: readers, deciding: &lookup, to: &composer, &window)
            }
            // Finding a batch takes time in proportion to its length. A single reader's frame goes on over ends of
            // batches, so only where it may end is that worth it.
            guard readers.count > 1 || composer.byteCount >= self.limits.catchUpByteCountMax else {
                continue
            }
            if !batch.contains(offset) { batch = try extent.batch(of: offset) }
            // A frame ends with a batch, also where the batch's other records are nobody's.
            let next = place + 1 < offsets.count ? offsets[place + 1] : window.end
            let isWhole = next >= batch.upperBound
            if isWhole && composer.byteCount >= self.limits.catchUpByteCountMax {
                window.end = batch.upperBound
                window.isWithinBatch = false
                break
            }
            if !isWhole && composer.byteCount >= 2 * self.limits.catchUpByteCountMax {
                window.end = offset.next
                window.isWithinBatch = true
                break
            }
            if isWhole && readers.count > 1 {
                let token = try self.log.token(at: batch.upperBound).text
                composer.endBatch { token }
            }
        }
        return window
    }

    /// Finds the next records of the readers' groups, ascending, and where the window ends that they fill.
    private func findWindow(
        of readers: [Reader], from start: Offset, in extent: SegmentExtent
    ) throws(StorageError) -> (window: Window, offsets: [Offset]) {
        let bound = min(extent.end, self.cursor)
        let listCount = readers.reduce(0) { $0 + $1.predicate.driver.count }
        let limit = max(self.limits.postingsMax / max(listCount, 1), 1)
        var window = Window(end: bound)
        var wanted: [Offset] = []
        // Who was sent parts of a batch is waited for there, so that they end with that batch.
        for reader in readers where reader.hasParts && reader.next > start {
            window.end = min(window.end, reader.next)
        }
        for reader in readers {
            wanted += try self.collect(
                reader.predicate.driver, in: extent, from: max(reader.next, start), limit: limit,
                &window.end)
        }
        if window.end < bound, let last = window.end.previous {
            let batch = try extent.batch(of: last)
            if batch.upperBound != window.end {
                // What has begun is left to the next step, unless there is nothing else.
                window.isWithinBatch = batch.lowerBound <= start
                if !window.isWithinBatch { window.end = batch.lowerBound }
            }
        }
        let offsets = Self.distinct(wanted, below: window.end)
        self.catchUpWork += listCount + offsets.count
        return (window, offsets)
    }

    /// Lets the window end before the batch with the first record that is not decided for one of `readers`, and notes what
    /// comes after it and is not decided either.
    private func endBeforeUndecided(
        _ window: inout Window, _ offsets: inout [Offset], of readers: [Reader],
        from start: Offset, in extent: SegmentExtent, _ lookup: inout DecisionLookup
    ) throws(StorageError) {
        let asking = readers.filter(\.predicate.hasQuestions)
        guard !asking.isEmpty else { return }
        var end: Offset?
        for offset in offsets where !lookup.isFull {
            let isUndecided = try extent.segment.withRecord(at: offset) { record in
                var isUndecided = false
                for reader in asking where offset >= reader.next {
                    switch reader.predicate.verdict(on: record, by: { lookup.decision(on: $0) }) {
                    case .nothing, .seen: break
                    case .undecided: isUndecided = true
                    // Of what comes after what is undecided that is not said yet.
                    case .unknown where end == nil && reader.isTold: window.lost.insert(reader.slot)
                    case .unknown: break
                    }
                }
                return isUndecided
            }
            guard end == nil, isUndecided == true else { continue }
            end = max(try extent.batch(of: offset).lowerBound, start)
        }
        guard let end else { return }
        window.end = end
        window.isWithinBatch = false
        offsets.removeAll { $0 >= end }
    }

    /// Ends a subscription of which nobody knows any more whether its client has to be told that something left.
    private func refuseWhatIsUnknown(_ index: Int, _ slot: Int) {
        var output: [UInt8] = []
        let error = StorageError.undecidable(at: .zero)
        self.reset(index, slot, .retained, error.message, output: &output)
        self.send(OutboundBytes(output), to: index)
    }

    /// The offsets from `start` on of records that carry one of these hashes, up to `limit` for each; and lowers `bound`
    /// to where these are no longer all.
    func collect(
        _ hashes: [UInt64], in extent: SegmentExtent, from start: Offset, limit: Int,
        _ bound: inout Offset
    ) throws(StorageError) -> [Offset] {
        var wanted: [Offset] = []
        for hash in hashes where start < bound {
            let found = try self.postings.postings(of: hash, in: extent, from: start, limit: limit)
            wanted.append(contentsOf: found.offsets)
            bound = min(bound, found.bound)
        }
        return wanted
    }

    /// The offsets below `end`, each once, ascending.
    static func distinct(_ offsets: [Offset], below end: Offset) -> [Offset] {
        var result: [Offset] = []
        result.reserveCapacity(offsets.count)
        for offset in offsets.sorted() where offset < end && offset != result.last {
            result.append(offset)
        }
        return result
    }

    /// Adds `record` for those of `readers` that want it and have not had it, group by group in the record's order.
    private func add(
        _ record: borrowing RecordView, for readers: [Reader],
        deciding lookup: inout DecisionLookup, to composer: inout FrameComposer,
        _ window: inout Window
    ) {
        let offset = record.offset
        if readers.count == 1, let reader = readers.first {
            guard offset >= reader.next,
                case .seen(let change, let view) = reader.predicate.verdict(
                    on: record, by: { lookup.decision(on: $0) }),
                let place = Self.place(in: record, of: reader.predicate)
            else { return }
            window.given.insert(reader.slot)
            composer.add(
                record, change, record.group(place), to: reader.id, as: reader.form, seen: view,
                by: &self.renderer)
            return
        }
        var found: [(place: Int, reader: Reader)] = []
        for reader in readers where offset >= reader.next {
            if let place = Self.place(in: record, of: reader.predicate) {
                found.append((place, reader))
            }
        }
        // In the order of the record's groups, as the matcher has them.
        found.sort { ($0.place, $0.reader.slot) < ($1.place, $1.reader.slot) }
        for (place, reader) in found {
            guard
                case .seen(let change, let view) = reader.predicate.verdict(
                    on: record, by: { lookup.decision(on: $0) })
            else { continue }
            window.given.insert(reader.slot)
            composer.add(
                record, change, record.group(place), to: reader.id, as: reader.form, seen: view,
                by: &self.renderer)
        }
    }

    /// The place of the first group of `record` by which `predicate` finds it.
    private static func place(in record: borrowing RecordView, of predicate: Predicate) -> Int? {
        for place in 0..<record.groupCount where predicate.driver.contains(record.groupHash(place))
        {
            return place
        }
        return nil
    }
}
