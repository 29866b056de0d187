import LogModel
import LogStorage
import Logging
import Matching
import Sessions
import WireProtocol

/// Where a subscription begins, and what it gets first.
extension Dispatcher {
    /// Begins or refuses the starting subscription in `slot`.
    func start(_ index: Int, _ slot: Int, output: inout [UInt8]) {
        guard let request = self.entries[index]?.session.subscriptions[slot].request else { return }
        let predicate = Predicate(request.filter, hasher: self.log.hasher) {
            self.log.rarity(of: $0)
        }
        guard predicate.plan != .scan || self.sessionLimits.allowsScans else {
            self.entries[index]?.session.refuse(
                slot, .unindexed,
                "no condition of this filter can be looked up, and the server does not look at every record "
                    + "of a model: add an equality or a list (\"in\")", output: &output)
            return
        }
        do throws(StartRefusal) {
            let next = try StartPlace.resolve(request.start, predicate, in: self.log)
            try self.begin(index, slot, request, predicate, at: next, output: &output)
        } catch {
            self.reset(index, slot, error.reason, error.message, output: &output)
        }
    }

    private func begin(
        _ index: Int, _ slot: Int, _ request: SubscriptionRequest, _ predicate: Predicate,
        at next: Offset, output: inout [UInt8]
    ) throws(StartRefusal) {
        let visible = self.log.watermarks.visible
        let isRestLive = self.entries[index]?.session.dialect == .restLive1
        let isOverBudget =
            !isRestLive && next < visible
            && self.exceeds(self.budget(of: request), predicate, from: next)
        if request.start == .snapshot || isOverBudget {
            self.entries[index]?.session.beginWithSnapshot(
                slot, at: next, predicate,
                reason: request.start == .snapshot ? .requested : .budget, output: &output)
            self.want(
                .snapshot(notBefore: request.start == .snapshot ? .zero : next), index, slot)
            return
        }
        guard let token = self.token(at: next) else { return self.fail(index) }
        // Its subscriptions go together, because its frames do not say which one they are for.
        if isRestLive && next != self.cursor { self.becomeLagging(index) }
        let isNet = request.catchUp == .latest && next < visible
        self.entries[index]?.session.begin(
            slot, at: next, as: isNet ? .waiting : .lagging, predicate, token: token,
            output: &output)
        // From the start that is the set itself, also where the log does not begin with its first record.
        if isNet {
            self.want(
                .netChanges(from: request.start == .start ? .zero : next), index, slot)
        }
    }

    private func budget(of request: SubscriptionRequest) -> Int? {
        switch (request.budget, self.sessionLimits.replayedRecordsMax) {
        case (let own?, let limit?): min(own, limit)
        case (let own, let limit): own ?? limit
        }
    }

    /// Whether there are more than `budget` postings from `start` on. Looks at no more than that.
    private func exceeds(_ budget: Int?, _ predicate: Predicate, from start: Offset) -> Bool {
        guard let budget else { return false }
        var reader = GroupReader(self.log, .any(predicate.driver), from: start)
        // What cannot be read is told when it is sent.
        let postings = (try? reader.next(budget + 1)) ?? []
        return postings.count > budget
    }
}
