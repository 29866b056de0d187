import Access
import LogModel
import LogStorage
import Matching
import Sessions
import WireProtocol

/// Who waits for what the application decides.
enum Undecided {
    /// A session, which has nothing to do until then.
    case session(Int)
    /// A summary that is being made.
    case summary(Summary)
    /// A subscription that begins when it is known whether its instance may be seen.
    case retrieval(Retrieval)
}

/// A starting subscription that is for the instance for which a condition holds, and begins where it was asked for.
struct Retrieval {
    let place: SubscriptionPlace
    let condition: Condition
    let start: Offset
}

/// How subscriptions are served of which the application decides what is seen.
///
/// Such a subscription never becomes live. It lags: a step of its catching up ends before the first record that is not
/// decided, and its session goes on when that is. When there is nothing more to read it follows, and the loop wakes it at
/// the next record that may concern it. So order and resuming are those of everybody who lags.
extension Dispatcher {
    // MARK: - Following

    /// Which subscriptions of `session` do not become live. The frames of a client of rest-live 1 do not say which one
    /// they are for, so its subscriptions all do, or none.
    func follows(_ session: Session) -> (_ slot: Int) -> Bool {
        let subscriptions = session.subscriptions
        let isTogether =
            session.dialect == .restLive
            && subscriptions.contains { !$0.isOver && $0.predicate?.hasQuestions == true }
        return { isTogether || subscriptions[$0].predicate?.hasQuestions == true }
    }

    /// Lets the lagging subscription in `slot` follow from the loop's cursor on.
    func follow(_ index: Int, _ slot: Int, token: String, output: inout [UInt8]) {
        guard let predicate = self.entries[index]?.session.subscriptions[slot].predicate else {
            return
        }
        self.entries[index]?.session.follow(slot, token: token, output: &output)
        let place = SubscriptionPlace(session: index, slot: slot)
        self.matcher.add(self.followers.add(place, predicate), predicate)
    }

    /// Lets a subscription that is over, or lags, not be woken any more.
    func unfollow(_ index: Int, _ slot: Int) {
        let place = SubscriptionPlace(session: index, slot: slot)
        guard let (subscriber, predicate) = self.followers.remove(place) else { return }
        self.matcher.remove(subscriber, predicate)
    }

    /// Lets those lag for whom there was a record, from `start` on, where the loop's turn began.
    func wakeFollowers(from start: Offset) {
        for place in self.followers.takeFound() { self.wake(place, from: start) }
    }

    /// Lets all lag that follow, because the loop has not looked at every record from `start` on.
    func wakeAllFollowers(from start: Offset) {
        for place in self.followers.all { self.wake(place, from: start) }
    }

    private func wake(_ place: SubscriptionPlace, from start: Offset) {
        self.unfollow(place.session, place.slot)
        self.entries[place.session]?.session.fallBehind(place.slot, from: start)
        self.queueIfBehind(place.session)
    }

    /// Lets the subscriptions of a session that follow lag, from the loop's cursor on.
    func fallBehind(_ index: Int) {
        guard let session = self.entries[index]?.session else { return }
        for slot in session.subscriptions.indices where session.subscriptions[slot].isFollowing {
            self.unfollow(index, slot)
            self.entries[index]?.session.fallBehind(slot, from: self.cursor)
        }
    }

    // MARK: - Asking

    /// Has `questions` decided for a session, which waits for that.
    func ask(_ questions: [RecordQuestion], for index: Int) {
        guard !questions.isEmpty, let principal = self.entries[index]?.session.reader.principal
        else { return }
        self.entries[index]?.asking = self.lastUndecided + 1
        self.ask(questions, of: [principal], for: .session(index))
    }

    /// Has what a summary needs decided, which waits for that; false if nobody waits for the summary.
    func ask(_ questions: [RecordQuestion], for summary: Summary) -> Bool {
        guard let first = summary.readers.first,
            let principal = self.entries[first.session]?.session.reader.principal
        else { return false }
        let before = summary.principalBefore.map { [$0] } ?? []
        self.ask(questions, of: [principal] + before, for: .summary(summary))
        return true
    }

    /// Has decided whether the instance that a starting subscription is for may be seen. Returns the number of that.
    func ask(_ questions: [RecordQuestion], for retrieval: Retrieval) -> UInt64 {
        let principal = self.entries[retrieval.place.session]?.session.reader.principal
        self.ask(questions, of: principal.map { [$0] } ?? [], for: .retrieval(retrieval))
        return self.lastUndecided
    }

    private func ask(
        _ questions: [RecordQuestion], of principals: [Principal], for waiting: Undecided
    ) {
        self.lastUndecided += 1
        self.undecided[self.lastUndecided] = waiting
        self.decide(questions, principals, self.lastUndecided)
    }

    /// Lets whoever waits for what has this number go on; or, if there was no answer, come again later. Returns whether
    /// ``turn()`` has something to do.
    package func decided(_ number: UInt64, hasAnswer: Bool) -> Bool {
        switch self.undecided.removeValue(forKey: number) {
        case .session(let index):
            guard self.entries[index]?.asking == number else { break }
            self.entries[index]?.asking = 0
            if hasAnswer {
                self.queueIfBehind(index)
            } else {
                self.closeUndecided(index)
            }
        case .summary(let summary):
            if summary.readers.isEmpty {
                self.forget(summary)
            } else if hasAnswer {
                self.making.append(summary)
            } else {
                self.forget(summary)
                for place in summary.readers { self.closeUndecided(place.session) }
            }
        case .retrieval(let retrieval):
            let place = retrieval.place
            // Perhaps its client has taken it back, and another one is in its place.
            guard self.retrievals[place] == number else { break }
            self.retrievals[place] = nil
            guard hasAnswer else {
                self.closeUndecided(place.session)
                break
            }
            var output: [UInt8] = []
            self.retrieve(
                place.session, place.slot, by: retrieval.condition, from: retrieval.start,
                output: &output)
            self.send(OutboundBytes(output), to: place.session)
            self.queueIfBehind(place.session)
        case nil: break
        }
        return self.hasWork
    }

    private func closeUndecided(_ index: Int) {
        self.close(
            index, .tryAgainLater,
            "the application does not say what may be seen: connect again, and resume")
    }

    /// How many summaries wait for decisions.
    var undecidedSummaryCount: Int {
        self.undecided.values.count { if case .summary = $0 { true } else { false } }
    }
}
