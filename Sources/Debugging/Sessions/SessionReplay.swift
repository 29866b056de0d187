package import Access
import LogFormat
package import LogModel
package import LogStorage
package import Matching
import Replication
import WireProtocol

/// Runs recorded subscriptions against a log: what the server's matcher and renderer make of it, batch by batch, and what a
/// second judge does, that looks at each record for each filter.
///
/// The log is gone through once. At each offset the finder has exactly those subscriptions that have begun and not ended
/// there, whenever that was: what a subscription is sent depends on nothing else.
package final class SessionReplay<Finder: SubscriptionFinder> {
    let log: ChangeLog
    private let policy: AccessPolicy?
    private var finder: Finder
    var renderer = RecordRenderer()
    var subscriptions: [RecordedSubscription] = []
    var report: SessionReport
    var onFrame: (RecordedSubscription, [UInt8]) -> Void = { _, _ in }

    /// All pieces, by their start, and the places of these by their end.
    private var pieces: [(piece: RecordedSubscription.Piece, subscription: Int)] = []
    private var byEnd: [Int] = []
    private var begun = 0
    private var ended = 0
    private var running: [RunningPiece?] = []
    /// What the second judge looks for, by model: each filter once, with who has it.
    private var watches: [Text: [Filter: Watch]] = [:]
    private var touched: [Int] = []
    /// Subscriptions that turned out not to be there to be run.
    private var dropped: Set<Int> = []

    private var trackers: [PlainTracker.Subject: PlainTracker] = [:]
    private var trackersByModel: [Text: [PlainTracker.Subject]] = [:]
    /// When a tracker is looked at, ascending, and what was seen then.
    private var looks: [Look] = []
    private var looked = 0
    private var looksLeft: [PlainTracker.Subject: Int] = [:]
    var seen: [Look: PlainTracker] = [:]

    private struct Watch {
        let filter: PlainFilter
        var places: Set<Int> = []
    }

    struct Look: Hashable {
        let subject: PlainTracker.Subject
        let at: Offset
    }

    /// Prepares to run `subscriptions`.
    ///
    /// - Parameters:
    ///   - policy: who may see what, for the finder's side; nil for what is in the journal.
    ///   - range: the stretch, from the start of a batch to the end of one.
    ///   - finder: has no subscription.
    package init(
        _ subscriptions: [RecordedSubscription], in log: ChangeLog, policy: AccessPolicy? = nil,
        range: Range<Offset>, finder: Finder
    ) {
        self.log = log
        self.policy = policy
        self.finder = finder
        self.report = SessionReport(range)
        for subscription in subscriptions { self.take(subscription) }
        self.prepare()
    }

    // MARK: - What is run

    private func take(_ subscription: RecordedSubscription) {
        var subscription = subscription
        let all = subscription.pieces
        subscription.pieces = all.compactMap { self.cut($0) }
        let reason: UnplayedSubscription.Reason?
        if all.contains(where: { self.asks($0) }) {
            reason = .question
        } else if subscription.pieces.isEmpty && !all.isEmpty {
            reason = .outside
        } else if subscription.pieces.contains(where: { self.hasLost($0) }) {
            reason = .removed
        } else {
            reason = nil
        }
        if let reason {
            self.report.unplayed.append(
                .init(session: subscription.session, number: subscription.number, reason: reason))
        } else {
            self.subscriptions.append(subscription)
            self.report.digests.append(
                SubscriptionDigest(
                    session: "\(subscription.session)", number: subscription.number))
        }
    }

    /// What of a piece lies in the stretch.
    private func cut(_ piece: RecordedSubscription.Piece) -> RecordedSubscription.Piece? {
        let range = self.report.range
        let end = min(piece.end ?? range.upperBound, range.upperBound)
        if piece.start >= range.lowerBound {
            // What begins at the end of the stretch belongs to the next one, if there is a next one.
            guard
                piece.start < range.upperBound
                    || piece.start == range.upperBound
                        && range.upperBound == self.log.watermarks.visible
            else { return nil }
            return .init(
                piece.filter, of: piece.principal, opening: piece.opening, from: piece.start,
                to: max(end, piece.start))
        }
        guard end > range.lowerBound else { return nil }
        return .init(piece.filter, of: piece.principal, from: range.lowerBound, to: end)
    }

    private func asks(_ piece: RecordedSubscription.Piece) -> Bool {
        if case .sight(let before, let principal, _) = piece.opening,
            before.sight.hasQuestions || self.filter(before, for: principal).sight.hasQuestions
        {
            return true
        }
        return piece.filter.sight.hasQuestions
            || self.filter(piece.filter, for: piece.principal).sight.hasQuestions
    }

    /// Whether something was removed that the piece had.
    private func hasLost(_ piece: RecordedSubscription.Piece) -> Bool {
        let start: Offset
        switch piece.opening {
        case nil: start = piece.start
        case .snapshot, .sight: start = .zero
        case .changes(let from): start = from
        }
        let driver = self.predicate(piece.filter, for: piece.principal).driver
        return start < self.log.first
            || driver.contains { start < self.log.firstAvailable(of: $0) }
    }

    /// `filter` with what `principal` sees: by the policy that is to be tried, or by the journal.
    private func filter(_ filter: Filter, for principal: Principal) -> Filter {
        guard let policy else { return filter }
        return policy.filter(filter, for: principal) ?? filter.seen(by: .nothing)
    }

    func predicate(_ filter: Filter, for principal: Principal) -> Predicate {
        Predicate(self.filter(filter, for: principal), hasher: self.log.hasher) {
            self.log.rarity(of: $0)
        }
    }

    private func prepare() {
        for (place, subscription) in self.subscriptions.enumerated() {
            self.pieces += subscription.pieces.map { ($0, place) }
        }
        self.pieces.sort { ($0.piece.start, $0.subscription) < ($1.piece.start, $1.subscription) }
        self.running = Array(repeating: nil, count: self.pieces.count)
        self.byEnd = self.pieces.indices.sorted { self.end(of: $0) < self.end(of: $1) }
        var looks: Set<Look> = []
        for (piece, _) in self.pieces {
            for (subject, at) in PlainOpening(piece: piece).subjects {
                looks.insert(Look(subject: subject, at: at))
                guard self.trackers[subject] == nil else { continue }
                self.trackers[subject] = PlainTracker(subject)
                self.trackersByModel[subject.filter.model, default: []].append(subject)
            }
        }
        self.looks = looks.sorted { $0.at < $1.at }
        for look in looks { self.looksLeft[look.subject, default: 0] += 1 }
    }

    private func end(of place: Int) -> Offset {
        self.pieces[place].piece.end ?? self.report.range.upperBound
    }

    // MARK: - The way through the log

    /// Goes through the log, and says what came of it. Call it once.
    ///
    /// Throws `corrupt` or `io`.
    ///
    /// - Parameters:
    ///   - progress: called with each record's offset.
    ///   - onFrame: called with each frame of the matcher's side, in the order of each subscription.
    package func run(
        progress: (Offset) -> Void = { _ in },
        onFrame: @escaping (RecordedSubscription, [UInt8]) -> Void = { _, _ in }
    ) throws(StorageError) -> SessionReport {
        self.onFrame = onFrame
        let end = self.report.range.upperBound
        let starts = [self.pieces.first?.piece.start, self.trackers.keys.map(\.start).min()]
        var offset = max(starts.compactMap { $0 }.min() ?? end, self.log.first)
        while offset < end, let whole = try self.log.extent(at: offset) {
            let extent = whole.prefix(upTo: end)
            try extent.forEachRecord(from: offset) { record throws(StorageError) in
                progress(record.offset)
                try self.take(record, in: extent)
            }
            try self.endBatchIfAny(in: extent)
            offset = extent.end
        }
        try self.advance(to: end)
        for place in self.running.indices { try self.end(place, at: end) }
        self.report.digests = self.report.digests.indices.filter { !self.dropped.contains($0) }
            .map { self.report.digests[$0] }
        return self.report
    }

    private func take(
        _ record: borrowing RecordView, in extent: SegmentExtent
    ) throws(StorageError) {
        self.report.recordCount += 1
        // The record with which the batch before ended was removed.
        if record.isFirstOfBatch { try self.endBatchIfAny(in: extent) }
        try self.advance(to: record.offset)
        var hits: [(subscriber: Subscriber, change: SetChange, entry: GroupEntry)] = []
        self.finder.match(record) { hits.append(($0, $1, $2)) }
        for hit in hits {
            let place = Int(hit.subscriber.owner)
            guard self.running.indices.contains(place) else { continue }
            self.touch(place)
            self.running[place]?.add(
                found: record, hit.change, hit.entry, by: &self.renderer)
        }
        let model = Text(bytes: record.model.copy())
        let watches = self.watches[model] ?? [:]
        let subjects = self.trackersByModel[model] ?? []
        if !watches.isEmpty || !subjects.isEmpty {
            let plain = PlainRecord(record, hasContent: false)
            for subject in subjects { self.trackers[subject]?.add(plain) }
            var whole: PlainRecord?
            for watch in watches.values {
                guard let change = plain.change(of: watch.filter) else { continue }
                let content = whole ?? PlainRecord(record, hasContent: true)
                whole = content
                for place in watch.places {
                    self.touch(place)
                    self.running[place]?.add(judged: content, change)
                }
            }
        }
        guard record.isLastOfBatch, !self.touched.isEmpty else { return }
        let token = ResumeToken(
            epoch: extent.segment.epoch, next: record.offset.next, checksum: record.checksum)
        self.endBatch(at: record.offset.next, token.text)
    }

    private func touch(_ place: Int) {
        if self.running[place]?.isTouched == false { self.touched.append(place) }
    }

    private func endBatchIfAny(in extent: SegmentExtent) throws(StorageError) {
        let last = self.touched.compactMap { place in
            (self.running[place]?.found.last ?? self.running[place]?.judged.last)?.offset
        }.max()
        guard let last else { return }
        let end = try extent.batch(of: last).upperBound
        self.endBatch(at: end, try self.log.token(at: end).text)
    }

    private func endBatch(at end: Offset, _ token: String) {
        for place in self.touched {
            if let running = self.running[place] { self.compare(running, token, at: end) }
        }
        self.touched.removeAll(keepingCapacity: true)
    }

    /// Ends and begins what ends and begins at `offset`, or before it.
    private func advance(to offset: Offset) throws(StorageError) {
        while self.looked < self.looks.count, self.looks[self.looked].at <= offset {
            let look = self.looks[self.looked]
            self.looked += 1
            self.seen[look] = self.trackers[look.subject]
            self.looksLeft[look.subject, default: 0] -= 1
            guard self.looksLeft[look.subject] == 0 else { continue }
            self.trackers[look.subject] = nil
            self.trackersByModel[look.subject.filter.model]?.removeAll { $0 == look.subject }
        }
        while self.ended < self.byEnd.count, self.end(of: self.byEnd[self.ended]) <= offset {
            try self.end(self.byEnd[self.ended], at: offset)
            self.ended += 1
        }
        while self.begun < self.pieces.count, self.pieces[self.begun].piece.start <= offset {
            try self.begin(self.begun)
            self.begun += 1
        }
    }

    private func begin(_ place: Int) throws(StorageError) {
        let (piece, number) = self.pieces[place]
        guard !self.dropped.contains(number) else { return }
        let running = RunningPiece(
            piece, of: self.subscriptions[number], at: number,
            self.predicate(piece.filter, for: piece.principal))
        if piece.opening != nil {
            do throws(StorageError) {
                try self.open(running)
            } catch {
                guard error.code == .retained else { throw error }
                self.drop(number)
                return
            }
        }
        guard self.end(of: place) > piece.start else { return }
        self.running[place] = running
        let watch = Watch(filter: PlainFilter(piece.filter))
        self.watches[piece.filter.model, default: [:]][piece.filter, default: watch].places
            .insert(place)
        self.finder.add(Subscriber(owner: UInt32(place), slot: 0), running.predicate)
    }

    private func end(_ place: Int, at offset: Offset) throws(StorageError) {
        guard let running = self.running[place] else { return }
        if running.isTouched {
            // It ends within a batch.
            self.compare(running, nil, at: offset)
            self.touched.removeAll { $0 == place }
        }
        self.finder.remove(Subscriber(owner: UInt32(place), slot: 0), running.predicate)
        let filter = running.piece.filter
        self.watches[filter.model]?[filter]?.places.remove(place)
        if self.watches[filter.model]?[filter]?.places.isEmpty == true {
            self.watches[filter.model]?[filter] = nil
        }
        self.running[place] = nil
    }

    /// Gives up a subscription of which something was removed.
    private func drop(_ number: Int) {
        self.dropped.insert(number)
        let subscription = self.subscriptions[number]
        self.report.unplayed.append(
            .init(
                session: subscription.session, number: subscription.number, reason: .removed))
    }
}

extension RecordedSessions {
    /// Prepares to run the subscriptions with the server's matcher.
    package func replay(
        in log: ChangeLog, policy: AccessPolicy? = nil, range: Range<Offset>
    ) -> SessionReplay<Matcher> {
        SessionReplay(
            self.subscriptions, in: log, policy: policy, range: range, finder: Matcher())
    }
}
