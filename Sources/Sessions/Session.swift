package import LogFormat
package import LogModel
package import WireProtocol

/// What one connection holds open: its dialect, its subscriptions, and the bytes that it gets next.
///
/// A pure state machine: messages and records go in, actions and bytes come out. It holds no queue of
/// messages: `outbox` is filled and emptied within one turn of its event loop, and a session whose socket
/// cannot take more is a cursor further back in the log.
package struct Session: Sendable {
    /// The wire protocol of a session, chosen in the handshake.
    package enum Dialect: Sendable {
        /// django-rest-live 0.1 to 0.3: no subprotocol.
        case restLive1
        /// Livelog's own: the subprotocol `livelog.v1`.
        case livelog1
    }

    /// What whoever runs the session must do.
    package enum Action: Sendable {
        /// Decide where the subscription begins, and call ``begin(_:at:token:)`` or ``refuse(_:reason:message:)``.
        case start(slot: Int)
        /// Stop giving records to the subscription, which was live.
        case stop(slot: Int)
    }

    /// The wire protocol.
    package let dialect: Dialect
    /// The subscriptions by slot; slots of subscriptions that are over are used again.
    package private(set) var subscriptions: [Subscription] = []
    /// Framed bytes for the socket.
    package var outbox: [UInt8] = []
    /// Whether the socket cannot take more.
    package var isBlocked = false

    private let limits: SessionLimits
    private let hasher: GroupHasher

    /// Creates a session without subscriptions.
    package init(dialect: Dialect, limits: SessionLimits, hasher: GroupHasher) {
        self.dialect = dialect
        self.limits = limits
        self.hasher = hasher
    }

    /// Takes a text message of the client.
    package mutating func receive(_ message: [UInt8]) -> [Action] {
        switch self.dialect {
        case .restLive1: self.receiveRestLive1(message)
        case .livelog1: self.receiveLivelog1(message)
        }
    }

    /// Takes a binary message, which no dialect has.
    package mutating func receiveBinary() {
        guard self.dialect == .livelog1 else { return }
        self.send(
            Livelog1Message.error(
                Livelog1Error(code: "not-text", message: "messages are text frames with JSON")))
    }

    /// Begins the starting subscription in `slot` at the place `next`, from where it lags.
    package mutating func begin(_ slot: Int, at next: Offset, token: String) {
        precondition(!self.subscriptions[slot].isOver, "a subscription that is over cannot begin")
        self.subscriptions[slot].phase = .lagging
        self.subscriptions[slot].next = next
        self.subscriptions[slot].told = next
        if self.dialect == .livelog1 {
            self.send(Livelog1Message.subscribed(self.subscriptions[slot].id, token: token))
        }
    }

    /// Ends the starting subscription in `slot`, because it cannot resume.
    package mutating func refuse(_ slot: Int, reason: String, message: String) {
        self.subscriptions[slot].phase = .over
        if self.dialect == .livelog1 {
            let id = self.subscriptions[slot].id
            self.send(Livelog1Message.reset(id, reason: reason, message: message))
        }
    }

    /// Makes the lagging subscription in `slot` live: it has been given everything below the loop's cursor.
    package mutating func becomeLive(_ slot: Int, token: String) {
        precondition(self.subscriptions[slot].isLagging, "only who lags can become live")
        self.subscriptions[slot].phase = .live
        if self.dialect == .livelog1 {
            let id = self.subscriptions[slot].id
            self.send(Livelog1Message.covered(id, token: token, isLive: true))
            self.subscriptions[slot].told = self.subscriptions[slot].next
        }
    }

    /// Makes the live subscription in `slot` lag: it has been given everything below `cursor`.
    package mutating func becomeLagging(_ slot: Int, cursor: Offset) {
        precondition(self.subscriptions[slot].isLive, "only who is live can begin to lag")
        self.subscriptions[slot].phase = .lagging
        self.advance(slot, to: cursor)
    }

    /// Notes that the subscription in `slot` was given everything below `next`.
    package mutating func advance(_ slot: Int, to next: Offset) {
        self.subscriptions[slot].next = max(self.subscriptions[slot].next, next)
    }

    /// Gives `record` to the subscription in `slot`, of whose group `entry` is, unless it has had it.
    package mutating func deliver(
        _ record: borrowing RecordView, _ entry: GroupEntry, to slot: Int,
        by renderer: inout RecordRenderer
    ) {
        guard record.offset >= self.subscriptions[slot].next else { return }
        switch self.dialect {
        case .restLive1:
            // The original tells a group of its instances only: one that has left is another group's now.
            guard entry.membership != .left || record.action == .deleted else { return }
            renderer.appendRestLive1Frame(record, entry, to: &self.outbox)
        case .livelog1:
            if !self.subscriptions[slot].records.isEmpty {
                self.subscriptions[slot].records.append(UInt8(ascii: ","))
            }
            renderer.appendLivelog1(
                record, RecordRenderer.Change(entry.membership, action: record.action),
                to: &self.subscriptions[slot].records)
        }
    }

    /// Ends the frames that are being filled: a batch, and with it everything below `next`, was delivered.
    ///
    /// A session with one subscription gets several batches in one frame, up to a size; one with several
    /// gets a frame for each, so that all its frames are in the order of the log.
    ///
    /// - Parameter isForced: end them whatever their size.
    package mutating func endBatch(next: Offset, token: String, isForced: Bool) {
        guard self.dialect == .livelog1 else { return }
        let goal = self.subscriptions.count == 1 && !isForced ? self.limits.frameByteCountGoal : 0
        for slot in self.subscriptions.indices {
            let size = self.subscriptions[slot].records.count
            guard size > 0, size >= goal else { continue }
            Livelog1Message.appendChangesFrame(
                self.subscriptions[slot].id, token: token,
                records: self.subscriptions[slot].records, to: &self.outbox)
            self.subscriptions[slot].records.removeAll(keepingCapacity: size <= 4096)
            self.subscriptions[slot].told = next
        }
    }

    /// Tells the client of progress without a match, where there was some since it was told last.
    ///
    /// - Parameter token: makes the token of a place.
    package mutating func tellProgress(cursor: Offset, token: (Offset) -> String?) {
        guard self.dialect == .livelog1, !self.isBlocked else { return }
        for slot in self.subscriptions.indices {
            let subscription = self.subscriptions[slot]
            let reached: Offset
            switch subscription.phase {
            case .live: reached = max(subscription.next, cursor)
            case .lagging: reached = subscription.next
            case .starting, .over: continue
            }
            guard reached > subscription.told, let text = token(reached) else { continue }
            self.send(
                Livelog1Message.covered(subscription.id, token: text, isLive: subscription.isLive))
            self.subscriptions[slot].told = reached
        }
    }

    /// Bytes that are filled and not sent yet.
    package var byteCount: Int {
        self.subscriptions.reduce(self.outbox.count) { $0 + $1.records.count }
    }

    private mutating func send(_ text: [UInt8]) {
        OutboundFrame.append(text: text, to: &self.outbox)
    }
}

// MARK: - Messages of the client

extension Session {
    private mutating func receiveRestLive1(_ message: [UInt8]) -> [Action] {
        guard
            let document = try? JSONDocument(parsing: message),
            let request = RestLive1Request(document)
        else { return [] }
        switch request {
        case .subscribe(let group):
            if let slot = self.slot(where: { $0.group.isSame(as: group) }) {
                self.subscriptions[slot].references += 1
                return []
            }
            return self.open(id: 0, group: group, start: .now).map { [.start(slot: $0)] } ?? []
        case .unsubscribe(let group):
            guard let slot = self.slot(where: { $0.group.isSame(as: group) }) else { return [] }
            self.subscriptions[slot].references -= 1
            return self.subscriptions[slot].references == 0 ? self.end(slot) : []
        }
    }

    private mutating func receiveLivelog1(_ message: [UInt8]) -> [Action] {
        do throws(Livelog1Error) {
            switch try Livelog1Request(message) {
            case .subscribe(let id, let filter, let start):
                return [.start(slot: try self.subscribe(id, filter, start))]
            case .unsubscribe(let id):
                guard let slot = self.slot(where: { $0.id == id }) else {
                    throw Livelog1Error(
                        id: id, code: "unknown-subscription",
                        message: "there is no subscription \(id) to end")
                }
                let actions = self.end(slot)
                self.send(Livelog1Message.unsubscribed(id))
                return actions
            }
        } catch {
            self.send(Livelog1Message.error(error))
            return []
        }
    }

    private mutating func subscribe(
        _ id: UInt64, _ filter: Filter, _ start: Livelog1Request.Start
    ) throws(Livelog1Error) -> Int {
        guard self.slot(where: { $0.id == id }) == nil else {
            throw Livelog1Error(
                id: id, code: "duplicate-subscription",
                message:
                    "there is a subscription \(id) already: end it first, or use another number")
        }
        guard let slot = self.open(id: id, group: filter.group, start: start) else {
            throw Livelog1Error(
                id: id, code: "too-many-subscriptions",
                message: "a session can have \(self.limits.subscriptionsMax) subscriptions")
        }
        return slot
    }

    private func slot(where isWanted: (Subscription) -> Bool) -> Int? {
        self.subscriptions.firstIndex { !$0.isOver && isWanted($0) }
    }

    /// Puts a subscription into a slot, or returns nil if the session has as many as it may.
    private mutating func open(id: UInt64, group: GroupKey, start: Livelog1Request.Start) -> Int? {
        let subscription = Subscription(
            id: id, group: group, hash: self.hasher.groupHash(group), start: start)
        if let slot = self.subscriptions.firstIndex(where: \.isOver) {
            self.subscriptions[slot] = subscription
            return slot
        }
        guard self.subscriptions.count < self.limits.subscriptionsMax else { return nil }
        self.subscriptions.append(subscription)
        return self.subscriptions.count - 1
    }

    private mutating func end(_ slot: Int) -> [Action] {
        let wasLive = self.subscriptions[slot].isLive
        self.subscriptions[slot].phase = .over
        self.subscriptions[slot].records = []
        return wasLive ? [.stop(slot: slot)] : []
    }
}

extension GroupKey {
    /// Whether both name the same group, whatever the type of the value in the request.
    fileprivate func isSame(as other: GroupKey) -> Bool {
        self.model == other.model && self.property == other.property
            && self.value.isSameGroupValue(as: other.value)
    }
}
