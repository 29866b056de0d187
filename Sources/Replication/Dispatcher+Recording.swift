import Access
import LogModel
import Matching
import Sessions
import WireProtocol

/// What the dispatcher keeps of a session that is recorded.
struct SessionRecording {
    /// The session's number in the journal.
    let number: UInt64
    /// Subscriptions that have begun.
    var subscriptionCount = 0
    /// The numbers of the subscriptions that have begun and are not over, by slot.
    var numbers: [Int: Int] = [:]
}

/// What is written down of chosen sessions, where it happens. Nothing of this is on the path of a record, and a dispatcher
/// without a recorder asks for no more than that.
extension Dispatcher {
    /// Notes that a session has begun, if it is to be recorded.
    func noteOpened(_ index: Int) {
        guard let recorder, let session = self.entries[index]?.session,
            let number = recorder.number(of: session.reader.principal)
        else { return }
        self.entries[index]?.recording = SessionRecording(number: number)
        recorder.record(
            SessionEntry(number, .opened(session.dialect, session.reader.principal)))
    }

    /// Notes that a session's reader is not `before` any more.
    func noteBecame(_ index: Int, _ before: Principal) {
        guard let recorder, let session = self.entries[index]?.session else { return }
        let principal = session.reader.principal
        guard principal != before else { return }
        if let number = self.entries[index]?.recording?.number {
            recorder.record(SessionEntry(number, .became(principal)))
        } else if recorder.wants(principal), session.subscriptions.allSatisfy(\.isOver) {
            // It has just said who it is, and nothing was missed.
            self.noteOpened(index)
        }
    }

    /// Notes that the subscription in `slot` has begun.
    func noteBegan(_ index: Int, _ slot: Int) {
        guard let recorder, let recording = self.entries[index]?.recording,
            let subscription = self.entries[index]?.session.subscriptions[slot]
        else { return }
        let number = recording.subscriptionCount + 1
        self.entries[index]?.recording?.subscriptionCount = number
        self.entries[index]?.recording?.numbers[slot] = number
        let beginning = SessionEntry.Beginning(
            id: subscription.id, form: subscription.form, request: subscription.request,
            start: subscription.next, waits: subscription.phase == .waiting)
        recorder.record(SessionEntry(recording.number, .began(number, beginning)))
    }

    /// Notes that a subscription is sent `summary`.
    func noteTold(_ summary: Summary, _ place: SubscriptionPlace) {
        guard let recorder, let recording = self.entries[place.session]?.recording,
            let number = recording.numbers[place.slot],
            let wanted = self.summaries[place]?.wanted,
            let subscription = self.entries[place.session]?.session.subscriptions[place.slot]
        else { return }
        let kind: SessionEntry.Summing.Kind =
            switch wanted {
            case .snapshot: .snapshot
            case .netChanges(let start): .changes(from: start)
            case .sightChange(let before, let principal, let start):
                .sight(before: before.filter, principal, from: start)
            }
        let summing = SessionEntry.Summing(
            kind, subscription.request.filter, end: summary.end, isPartial: summary.isPartial)
        recorder.record(SessionEntry(recording.number, .told(number, summing)))
    }

    /// Notes that something else is seen by the subscription in `slot`.
    ///
    /// - Parameter start: the offset below which it was given everything; nil if it was not sent all of what it was
    ///   told first.
    func noteSees(_ index: Int, _ slot: Int, from start: Offset?) {
        guard let recorder, let recording = self.entries[index]?.recording,
            let number = recording.numbers[slot],
            let subscription = self.entries[index]?.session.subscriptions[slot]
        else { return }
        let seeing = SessionEntry.Seeing(
            subscription.request.filter, from: start, waits: subscription.phase == .waiting)
        recorder.record(SessionEntry(recording.number, .sees(number, seeing)))
    }

    /// Notes that the subscription in `slot` ends, which is, or was just now, in `phase`.
    func noteEnded(_ index: Int, _ slot: Int, in phase: Subscription.Phase?, _ reason: String) {
        guard let recorder, let recording = self.entries[index]?.recording,
            let number = recording.numbers[slot]
        else { return }
        self.entries[index]?.recording?.numbers[slot] = nil
        let offset = phase.flatMap { self.reached(index, slot, in: $0) }
        recorder.record(
            SessionEntry(recording.number, .ended(number, reason: reason, at: offset)))
    }

    /// Notes that a session ends. Its client hears nothing more, whatever the dispatcher does with it before it is gone.
    func noteClosed(_ index: Int, _ reason: String) {
        guard let recorder, let recording = self.entries[index]?.recording,
            let session = self.entries[index]?.session
        else { return }
        self.entries[index]?.recording = nil
        let reached = recording.numbers.sorted { $0.value < $1.value }.map { slot, number in
            SessionEntry.Reached(
                number, self.reached(index, slot, in: session.subscriptions[slot].phase))
        }
        recorder.record(SessionEntry(recording.number, .closed(reason: reason, reached)))
    }

    /// The offset below which the subscription in `slot`, which is in `phase`, was given everything; nil if it was not sent
    /// all of what it was told first.
    private func reached(_ index: Int, _ slot: Int, in phase: Subscription.Phase) -> Offset? {
        guard let entry = self.entries[index] else { return nil }
        switch phase {
        case .live:
            let taken = entry.audience < 0 ? nil : self.audiences[entry.audience]
            return taken?.audience.reached(entry.place) ?? self.cursor
        case .following: return self.cursor
        case .lagging: return entry.session.subscriptions[slot].next
        case .starting, .waiting, .summarizing, .over: return nil
        }
    }
}
