package import Access
package import LogModel
package import Matching
package import WireProtocol

/// What one connection holds open: its dialect and its subscriptions.
///
/// A pure state machine: messages go in, actions and messages come out. It holds no bytes and no queue: what it
/// has to say is appended to `output`, for whoever runs it to send at once, and a session whose socket cannot take
/// more is a cursor further back in the log.
package struct Session: Sendable {
    /// What whoever runs the session must do.
    package enum Action: Hashable, Sendable {
        /// Decide where the subscription begins: ``begin(_:at:as:token:output:)`` or ``refuse(_:_:_:output:)``.
        case start(slot: Int)
        /// Find the instance for which `condition` holds, and then do as for `start`: ``narrow(_:to:)`` or
        /// ``refuseUnknownInstance(_:output:)`` (rest-live 2).
        case retrieve(slot: Int, by: Condition)
        /// Stop giving records to the subscription, which was in `phase` and is over.
        case stop(slot: Int, phase: Subscription.Phase)
        /// Take note that a message was refused, with this code.
        case refused(code: String)
        /// Find out who has this token, and tell the session: ``become(_:)``.
        case authenticate(token: String)
        /// Close the connection, as the original of the dialect did.
        case close(reason: String)
    }

    /// The wire protocol.
    package let dialect: Dialect
    /// The subscriptions by slot; slots of subscriptions that are over are used again.
    package internal(set) var subscriptions: [Subscription] = []
    /// Whether the socket cannot take more.
    package var isBlocked = false

    /// Who reads, and what they may see.
    package private(set) var reader: Reader

    /// Subscriptions that it can have at a time.
    let subscriptionsMax: Int
    /// What holds for a client of django-rest-live.
    let restLive: RestLiveOptions

    /// Creates a session of `reader` without subscriptions.
    package init(
        dialect: Dialect, reader: Reader = .unlimited, limits: SessionLimits,
        restLive: RestLiveOptions = RestLiveOptions()
    ) {
        self.dialect = dialect
        self.reader = reader
        self.restLive = restLive
        self.subscriptionsMax = limits.subscriptionsMax
    }

    /// The slots of the subscriptions that are live, in order.
    package var liveSlots: [Int] {
        self.subscriptions.indices.filter { self.subscriptions[$0].isLive }
    }

    /// Takes a text message of the client.
    package mutating func receive(_ message: [UInt8], output: inout [UInt8]) -> [Action] {
        switch self.dialect {
        case .restLive: self.receiveRestLive(message, output: &output)
        case .livelog1: self.receiveLivelog1(message, output: &output)
        case .serverSentEvents, .ndjson: []
        }
    }

    /// Takes a binary message, which no dialect has.
    package func receiveBinary(output: inout [UInt8]) -> [Action] {
        guard self.dialect != .restLive else { return self.breach("a frame is text") }
        self.dialect.appendError(.notText, to: &output)
        return []
    }

    /// Makes the only subscription of a stream, which was asked for in a URL. Nil if its reader may not ask for it.
    package mutating func subscribe(_ request: SubscriptionRequest) -> Action? {
        precondition(self.subscriptions.isEmpty, "a stream has one subscription")
        guard let seen = self.seen(request) else { return nil }
        self.subscriptions.append(Subscription(id: 0, request: seen))
        return .start(slot: 0)
    }

    /// Notes who reads now, or what they may see now.
    ///
    /// Returns the subscriptions of which something else is seen from now on, each with its filter, or nil if nothing
    /// is: they are to be ended, or to go on by ``see(_:_:)`` or ``waitToSee(_:_:)``.
    package mutating func become(_ reader: Reader) -> [(slot: Int, filter: Filter?)] {
        self.reader = reader
        var changed: [(slot: Int, filter: Filter?)] = []
        for slot in self.subscriptions.indices where !self.subscriptions[slot].isOver {
            let filter = self.subscriptions[slot].request.filter
            let seen = reader.filter(filter)
            // Who hears nothing goes on to.
            if (seen ?? filter.seen(by: .nothing)) != filter { changed.append((slot, seen)) }
        }
        return changed
    }

    /// Lets the starting subscription in `slot` be for what may be seen now.
    package mutating func begin(_ slot: Int, with filter: Filter) {
        precondition(self.subscriptions[slot].phase == .starting, "who has begun sees already")
        self.subscriptions[slot].request.filter = filter
    }

    /// Lets the lagging subscription in `slot` go on with another sight.
    package mutating func see(_ slot: Int, _ predicate: Predicate) {
        precondition(self.subscriptions[slot].isLagging, "who is live sees what its audience sees")
        self.subscriptions[slot].request.filter = predicate.filter
        self.subscriptions[slot].predicate = predicate
    }

    /// Lets the lagging subscription in `slot`, or one that waits already, wait for what another sight does to its set at
    /// its place.
    package mutating func waitToSee(_ slot: Int, _ predicate: Predicate) {
        let phase = self.subscriptions[slot].phase
        precondition(
            phase == .lagging || phase == .waiting, "who is live sees what its audience sees")
        self.subscriptions[slot].request.filter = predicate.filter
        self.subscriptions[slot].predicate = predicate
        self.subscriptions[slot].phase = .waiting
    }

    /// `request` as far as the reader may see, or nil.
    private func seen(_ request: SubscriptionRequest) -> SubscriptionRequest? {
        guard let filter = self.reader.filter(request.filter) else { return nil }
        var request = request
        request.filter = filter
        return request
    }

    /// Begins the starting subscription in `slot` at the place `next`, whose token is `token`.
    ///
    /// - Parameter phase: `lagging`, or `waiting` if it is sent first what the log from there on amounts to.
    package mutating func begin(
        _ slot: Int, at next: Offset, as phase: Subscription.Phase = .lagging,
        _ predicate: Predicate, token: String, output: inout [UInt8]
    ) {
        self.enter(slot, phase, at: next, predicate)
        self.dialect.appendSubscribed(
            self.subscriptions[slot].id, token: token, plan: predicate.plan, to: &output)
    }

    /// Begins the starting subscription in `slot` with a snapshot, for which it waits.
    package mutating func beginWithSnapshot(
        _ slot: Int, at next: Offset, _ predicate: Predicate, reason: SnapshotReason,
        output: inout [UInt8]
    ) {
        self.enter(slot, .waiting, at: next, predicate)
        self.dialect.appendSubscribedWithSnapshot(
            self.subscriptions[slot].id, plan: predicate.plan, reason: reason, to: &output)
    }

    private mutating func enter(
        _ slot: Int, _ phase: Subscription.Phase, at next: Offset, _ predicate: Predicate
    ) {
        precondition(self.subscriptions[slot].phase == .starting, "a subscription begins once")
        self.subscriptions[slot].phase = phase
        self.subscriptions[slot].predicate = predicate
        self.subscriptions[slot].next = next
        self.subscriptions[slot].told = next
    }

    /// Ends the subscription in `slot`, because it cannot go on.
    package mutating func refuse(
        _ slot: Int, _ reason: ResetReason, _ message: String, output: inout [UInt8]
    ) {
        self.subscriptions[slot].phase = .over
        self.dialect.appendReset(
            self.subscriptions[slot].id, reason: reason, message: message, to: &output)
    }

    /// Ends the starting subscription in `slot`, because the server does not allow it.
    package mutating func refuse(
        _ slot: Int, _ code: RequestErrorCode, _ message: String, output: inout [UInt8]
    ) {
        self.subscriptions[slot].phase = .over
        if let form = self.subscriptions[slot].form.restLive2 {
            return RestLive2Error.refused(form.id, message).appendFrame(to: &output)
        }
        let error = Livelog1Error(id: self.subscriptions[slot].id, code: code, message: message)
        self.dialect.appendError(error, to: &output)
    }

    /// Lets the waiting subscription in `slot` have what it waits for, which amounts to the log below `end`.
    package mutating func beginSummary(_ slot: Int, at end: Offset) {
        precondition(self.subscriptions[slot].phase == .waiting, "nobody waits for the summary")
        self.subscriptions[slot].phase = .summarizing
        self.subscriptions[slot].next = end
        self.subscriptions[slot].told = end
    }

    /// Lets the summarizing subscription in `slot` lag: it was sent everything before its cursor.
    package mutating func endSummary(_ slot: Int) {
        precondition(self.subscriptions[slot].phase == .summarizing, "there is no summary to end")
        self.subscriptions[slot].phase = .lagging
    }

    /// Makes the lagging subscription in `slot` live: it has been given everything below the loop's cursor.
    package mutating func becomeLive(_ slot: Int, token: String, output: inout [UInt8]) {
        precondition(self.subscriptions[slot].isLagging, "only who lags can become live")
        self.subscriptions[slot].phase = .live
        self.dialect.appendCovered(
            self.subscriptions[slot].id, token: token, isLive: true, to: &output)
    }

    /// Lets the lagging subscription in `slot` follow: it has been given everything below the loop's cursor.
    package mutating func follow(_ slot: Int, token: String, output: inout [UInt8]) {
        precondition(self.subscriptions[slot].isLagging, "only who lags can begin to follow")
        self.subscriptions[slot].phase = .following
        self.subscriptions[slot].quietTicks = 0
        guard !self.subscriptions[slot].isToldLive else { return }
        self.subscriptions[slot].isToldLive = true
        self.dialect.appendCovered(
            self.subscriptions[slot].id, token: token, isLive: true, to: &output)
    }

    /// Makes the following subscription in `slot` lag: nothing below `reached` concerns it.
    package mutating func fallBehind(_ slot: Int, from reached: Offset) {
        precondition(self.subscriptions[slot].isFollowing, "only who follows can fall behind")
        self.subscriptions[slot].phase = .lagging
        self.advance(slot, to: reached)
    }

    /// Makes the live subscription in `slot` lag: it has been given everything below `reached`.
    package mutating func becomeLagging(_ slot: Int, from reached: Offset) {
        precondition(self.subscriptions[slot].isLive, "only who is live can begin to lag")
        self.subscriptions[slot].phase = .lagging
        self.subscriptions[slot].next = reached
        self.subscriptions[slot].told = reached
    }

    /// Notes that the subscription in `slot` was given everything below `next`.
    package mutating func advance(_ slot: Int, to next: Offset) {
        self.subscriptions[slot].next = max(self.subscriptions[slot].next, next)
    }

    /// Notes that the client was told to resume the subscription in `slot` from its cursor.
    package mutating func noteTold(_ slot: Int) {
        self.subscriptions[slot].told = self.subscriptions[slot].next
    }

    /// Notes whether the cursor of the subscription in `slot` is within a batch, of which its client was perhaps sent
    /// parts.
    package mutating func noteWithinBatch(_ slot: Int, _ isWithinBatch: Bool, hasParts: Bool) {
        self.subscriptions[slot].isWithinBatch = isWithinBatch
        self.subscriptions[slot].hasParts = hasParts
    }

    /// Notes that the subscription in `slot` begins with whatever is kept.
    ///
    /// - Parameter removed: for each hash of its filter's driver the bound below which records were removed.
    package mutating func beginWithWhatIsKept(_ slot: Int, removedBefore removed: [Offset]) {
        self.subscriptions[slot].removedBefore = removed
    }

    /// Tells the client of progress without a match of its lagging subscriptions, and of those that follow, now and
    /// then, that they live.
    ///
    /// - Parameters:
    ///   - token: makes the token of a place.
    ///   - cursor: below it nothing concerns who follows.
    ///   - ticksMax: calls after which one that follows is told that it lives.
    package mutating func tellProgress(
        token: (Offset) -> String?, followed cursor: Offset, ticksMax: Int, output: inout [UInt8]
    ) {
        for slot in self.subscriptions.indices where self.subscriptions[slot].isFollowing {
            self.subscriptions[slot].quietTicks += 1
            guard self.subscriptions[slot].quietTicks >= ticksMax, let text = token(cursor) else {
                continue
            }
            self.subscriptions[slot].quietTicks = 0
            self.dialect.appendCovered(
                self.subscriptions[slot].id, token: text, isLive: true, to: &output)
        }
        for slot in self.subscriptions.indices where self.subscriptions[slot].isLagging {
            let next = self.subscriptions[slot].next
            // Within a batch there is no place to resume from.
            guard next > self.subscriptions[slot].told, !self.subscriptions[slot].isWithinBatch,
                let text = token(next)
            else { continue }
            self.dialect.appendCovered(
                self.subscriptions[slot].id, token: text, isLive: false, to: &output)
            self.subscriptions[slot].told = next
        }
    }
}

// MARK: - Messages of the client

extension Session {
    private mutating func receiveLivelog1(
        _ message: [UInt8], output: inout [UInt8]
    ) -> [Action] {
        do throws(Livelog1Error) {
            switch try Livelog1Request(message, rules: self.reader.policy.modelRules) {
            case .subscribe(let id, let request):
                return [.start(slot: try self.subscribe(id, request))]
            case .unsubscribe(let id):
                guard let slot = self.slot(where: { $0.id == id }) else {
                    throw .unknownSubscription(id)
                }
                let action = self.end(slot)
                self.dialect.appendUnsubscribed(id, to: &output)
                return [action]
            case .authenticate(let token): return [.authenticate(token: token)]
            }
        } catch {
            self.dialect.appendError(error, to: &output)
            return [.refused(code: error.code)]
        }
    }

    private mutating func subscribe(
        _ id: UInt64, _ request: SubscriptionRequest
    ) throws(Livelog1Error) -> Int {
        guard self.slot(where: { $0.id == id }) == nil else {
            throw .duplicateSubscription(id)
        }
        guard let seen = self.seen(request) else { throw .forbidden(id) }
        guard let slot = self.open(id: id, seen) else {
            throw .tooManySubscriptions(id, countMax: self.subscriptionsMax)
        }
        return slot
    }

    /// The first slot of a subscription that is not over and that is wanted.
    func slot(where isWanted: (Subscription) -> Bool) -> Int? {
        self.subscriptions.firstIndex { !$0.isOver && isWanted($0) }
    }

    /// Puts a subscription into a slot, or returns nil if the session has as many as it may.
    mutating func open(
        id: UInt64, _ request: SubscriptionRequest, as form: RecordForm = .livelog1
    ) -> Int? {
        let subscription = Subscription(id: id, request: request, form: form)
        if let slot = self.subscriptions.firstIndex(where: \.isOver) {
            self.subscriptions[slot] = subscription
            return slot
        }
        guard self.subscriptions.count < self.subscriptionsMax else { return nil }
        self.subscriptions.append(subscription)
        return self.subscriptions.count - 1
    }

    /// Ends the subscription in `slot`.
    mutating func end(_ slot: Int) -> Action {
        let phase = self.subscriptions[slot].phase
        self.subscriptions[slot].phase = .over
        return .stop(slot: slot, phase: phase)
    }
}
