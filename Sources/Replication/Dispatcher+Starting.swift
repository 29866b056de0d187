import Access
import LogModel
import LogStorage
import Logging
import Matching
import Sessions
import WireProtocol

/// Where a subscription begins, and what it gets first.
extension Dispatcher {
    /// Begins or refuses the starting subscription in `slot`, now or when the records of its budget are counted.
    func start(_ index: Int, _ slot: Int, output: inout [UInt8]) {
        guard let request = self.entries[index]?.session.subscriptions[slot].request else { return }
        let predicate = Predicate(request.filter, hasher: self.log.hasher) {
            self.log.rarity(of: $0)
        }
        guard predicate.plan != .scan || self.sessionLimits.allowsScans else {
            self.counted.refusals[RequestErrorCode.unindexed.rawValue, default: 0] += 1
            self.entries[index]?.session.refuse(
                slot, .unindexed,
                "no condition of this filter can be looked up, and the server does not look at every record "
                    + "of a model: add an equality or a list (\"in\")", output: &output)
            return
        }
        let next: Offset
        do throws(StartRefusal) {
            next = try StartPlace.resolve(request.start, predicate, in: self.log)
        } catch {
            self.reset(index, slot, error.reason, error.message, output: &output)
            return
        }
        let place = SubscriptionPlace(session: index, slot: slot)
        let start = BudgetCount(
            place, request, predicate, from: next, to: self.log.watermarks.visible,
            budget: self.budget(of: request))
        if let isExceeded = self.counting(start) {
            self.begin(start, isOverBudget: isExceeded, output: &output)
        }
    }

    private func begin(_ start: BudgetCount, isOverBudget: Bool, output: inout [UInt8]) {
        let (index, slot) = (start.place.session, start.place.slot)
        let request = start.request
        if request.start == .snapshot || isOverBudget {
            self.entries[index]?.session.beginWithSnapshot(
                slot, at: start.start, start.predicate,
                reason: request.start == .snapshot ? .requested : .budget, output: &output)
            self.noteBegan(index, slot)
            self.want(
                .snapshot(notBefore: request.start == .snapshot ? .zero : start.start), index, slot)
            return
        }
        guard let token = self.token(at: start.start) else { return self.fail(index) }
        let before: (predicate: Predicate, principal: Principal)?
        do throws(GrantReading.Failure) {
            before = try self.sightAt(start.start, of: request, index)
        } catch {
            self.reset(
                index, slot, .accessChanged,
                "what you could see at that place is not known any more, and it may be more or less by now: begin "
                    + "anew from a snapshot", output: &output)
            return
        }
        // Its subscriptions go together, because its frames do not say which one they are for.
        if self.entries[index]?.session.dialect == .restLive { self.becomeLagging(index) }
        let isNet = before == nil && request.catchUp == .latest && start.start < start.end
        self.entries[index]?.session.begin(
            slot, at: start.start, as: isNet || before != nil ? .waiting : .lagging,
            start.predicate, token: token, output: &output)
        self.noteBegan(index, slot)
        if let before {
            self.want(
                .sightChange(from: before.predicate, of: before.principal, at: start.start), index,
                slot)
        }
        if request.start == .start {
            self.entries[index]?.session.beginWithWhatIsKept(
                slot, removedBefore: start.predicate.driver.map { self.log.firstAvailable(of: $0) })
        }
        // From the start that is the set itself, also where the log does not begin with its first record.
        if isNet {
            self.want(
                .netChanges(from: request.start == .start ? .zero : start.start), index, slot)
        }
    }

    // MARK: - The budget

    private func budget(of request: SubscriptionRequest) -> Int? {
        switch (request.budget, self.sessionLimits.replayedRecordsMax) {
        case (let own?, let limit?): min(own, limit)
        case (let own, let limit): own ?? limit
        }
    }

    /// Counts on for the first of those that wait for it, and begins its subscription if that is enough.
    func countBudgets() {
        guard let place = self.countQueue.first else { return }
        self.countQueue.removeFirst()
        guard let count = self.counts.removeValue(forKey: place) else { return }
        guard let isExceeded = self.counting(count) else { return }
        var output: [UInt8] = []
        if let start = self.kept(count) {
            self.begin(start, isOverBudget: isExceeded, output: &output)
        } else {
            let failure = ChangeLog.ResumeFailure.retained
            self.reset(place.session, place.slot, .retained, failure.explanation, output: &output)
        }
        self.send(OutboundBytes(output), to: place.session)
        self.queueIfBehind(place.session)
    }

    /// The same beginning, or where what is kept begins if nothing of its groups was removed while it was counted; nil if
    /// something was.
    private func kept(_ count: BudgetCount) -> BudgetCount? {
        var count = count
        let isLost = count.predicate.driver.contains {
            count.start < self.log.firstAvailable(of: $0)
        }
        guard !isLost || count.request.start == .start else { return nil }
        count.start = max(count.start, self.log.first)
        return count
    }

    /// Counts the records that would be replayed, as far as a step may. Returns whether there are more than the budget;
    /// nil if that is not known yet, and then it goes on in its turn.
    private func counting(_ count: BudgetCount) -> Bool? {
        guard let budget = count.budget, count.request.start != .snapshot,
            self.entries[count.place.session]?.session.dialect != .restLive
        else { return false }
        var count = count
        var work = 0
        // What was removed meanwhile is not replayed; what cannot be read is told when it is sent.
        count.next = max(count.next, self.log.first)
        while count.found <= budget, count.next < count.end,
            let extent = try? self.log.extent(at: count.next)
        {
            guard work < self.limits.postingsMax else {
                self.counts[count.place] = count
                self.countQueue.append(count.place)
                return nil
            }
            var bound = min(extent.end, count.end)
            let hashes = count.predicate.driver
            let offsets = try? self.collect(
                hashes, in: extent, from: count.next, limit: self.limits.postingsMax, &bound)
            guard let offsets else { return false }
            count.found += Self.distinct(offsets, below: bound).count
            work += offsets.count + hashes.count
            count.next = bound
        }
        return count.found > budget
    }

    /// Forgets what is counted, or asked, for a subscription that is over.
    func dropCount(_ place: SubscriptionPlace) {
        self.retrievals[place] = nil
        guard self.counts.removeValue(forKey: place) != nil else { return }
        self.countQueue.removeAll { $0 == place }
    }
}

/// A subscription that begins, and how many records it would have replayed, as far as they are counted: those of the
/// groups by which its records are found.
struct BudgetCount {
    let place: SubscriptionPlace
    let request: SubscriptionRequest
    let predicate: Predicate
    /// Where it begins.
    var start: Offset
    /// The end of what was visible when it was asked for.
    let end: Offset
    /// The most that may be replayed; nil if that does not matter.
    let budget: Int?
    /// Below it all are counted.
    var next: Offset
    var found = 0

    init(
        _ place: SubscriptionPlace, _ request: SubscriptionRequest, _ predicate: Predicate,
        from start: Offset, to end: Offset, budget: Int?
    ) {
        self.place = place
        self.request = request
        self.predicate = predicate
        self.start = start
        self.end = end
        self.budget = budget
        self.next = start
    }
}
