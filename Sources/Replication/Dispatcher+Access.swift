package import Access
import LogModel
import LogStorage
import Matching
import Sessions
import WireProtocol

/// What happens to sessions when it changes who reads, or what they may see.
extension Dispatcher {
    /// Lets a session be somebody else's, or its reader see something else. What it has not been sent by now it gets
    /// as far as it may be seen now.
    ///
    /// A subscription of which something else is seen ends, and its client begins anew with what may be seen; one of
    /// rest-live, which knows no way to be told, goes on with it, or is quiet. Returns whether ``turn()`` has something
    /// to do.
    package func become(_ reader: Reader, _ id: SessionID) -> Bool {
        self.become(self.watchGrants(reader, id.index), id.index)
        return self.hasWork
    }

    /// Lets every session see what `policy` allows. Returns whether ``turn()`` has something to do.
    package func become(_ policy: AccessPolicy) -> Bool {
        // Nobody is granted anything by what was granting before.
        for index in self.entries.indices { self.leaveGrants(index) }
        for index in self.entries.indices {
            guard let principal = self.entries[index]?.session.reader.principal else { continue }
            self.become(self.watchGrants(Reader(principal, under: policy), index), index)
        }
        return self.hasWork
    }

    /// Tells a session's client that its token is not accepted. It stays who it was.
    package func refuseToken(_ message: String, of id: SessionID) {
        var output: [UInt8] = []
        self.counted.refusals[RequestErrorCode.unauthenticated.rawValue, default: 0] += 1
        self.entries[id.index]?.session.dialect.appendError(
            .unauthenticated(message), to: &output)
        self.send(OutboundBytes(output), to: id.index)
    }

    /// Tells a session's client that it is known now.
    package func acceptToken(of id: SessionID) {
        guard let session = self.entries[id.index]?.session, session.dialect == .livelog1 else {
            return
        }
        var output: [UInt8] = []
        Livelog1Message.authenticated(
            subject: session.reader.principal.subject, expiry: session.reader.principal.expiry
        ).appendFrame(to: &output)
        self.send(OutboundBytes(output), to: id.index)
    }

    /// Who reads in a session; nil if it is gone.
    package func reader(of id: SessionID) -> Reader? { self.entries[id.index]?.session.reader }

    /// Closes the sessions of whom it is no longer known who they are.
    ///
    /// - Parameters:
    ///   - now: in seconds since 1970-01-01T00:00:00Z.
    ///   - isKnown: whether somebody whose time is not over is still who they were.
    package func closeExpired(
        at now: Int64, part: Int = 0, of partCount: Int = 1,
        isKnown: (Principal) -> Bool = { _ in true }
    ) {
        for index in stride(from: part, to: self.entries.count, by: partCount) {
            guard let principal = self.entries[index]?.session.reader.principal,
                principal.isAuthenticated
            else { continue }
            if principal.isExpired(at: now) {
                self.close(
                    index, .expired,
                    "the token has expired: connect with a new one, and send the next one before it does"
                )
            } else if !isKnown(principal) {
                self.close(index, .expired, "the key was revoked, or is for something else by now")
            }
        }
    }

    /// - Parameter isInPlace: whether subscriptions go on, if they can, from what the log makes of the change at their
    ///   place, because the log says that it happened there.
    func become(_ reader: Reader, _ index: Int, isInPlace: Bool = false) {
        guard let before = self.entries[index]?.session.reader.principal,
            let changed = self.entries[index]?.session.become(reader)
        else { return }
        self.noteBecame(index, before)
        guard !changed.isEmpty else { return }
        // Without what its audience has for it: that was made for what could be seen before.
        self.becomeLagging(index)
        self.fallBehind(index)
        // What was asked for is of no use to it any more.
        self.entries[index]?.asking = 0
        var output: [UInt8] = []
        for (slot, filter) in changed {
            let isDone =
                self.entries[index]?.session.dialect == .restLive
                ? self.seeQuietly(index, slot, filter)
                : isInPlace && self.seeInPlace(index, slot, filter, before)
            guard !isDone else { continue }
            self.dropSummary(index, slot)
            self.reset(
                index, slot, .accessChanged,
                "what you may see has changed: begin anew from a snapshot", output: &output)
        }
        self.send(OutboundBytes(output), to: index)
        self.closeIfOver(index)
        self.queueIfBehind(index)
    }

    /// Lets a subscription of rest-live, which is never told of the past, go on with another sight.
    private func seeQuietly(_ index: Int, _ slot: Int, _ filter: Filter?) -> Bool {
        if let subscription = self.entries[index]?.session.subscriptions[slot],
            subscription.phase == .starting
        {
            // It has not found its instance yet, and finds it with this sight.
            let seen = filter ?? subscription.request.filter.seen(by: .nothing)
            self.entries[index]?.session.begin(slot, with: seen)
            return true
        }
        guard let predicate = self.predicate(index, slot, seenBy: filter) else { return false }
        self.entries[index]?.session.see(slot, predicate)
        self.noteSees(
            index, slot, from: self.entries[index]?.session.subscriptions[slot].next)
        return true
    }

    /// Lets a subscription have what another sight does to its set where it is, and then go on. Returns false if that
    /// cannot be: it has not begun, or is in the middle of something.
    private func seeInPlace(
        _ index: Int, _ slot: Int, _ filter: Filter?, _ before: Principal
    ) -> Bool {
        let place = SubscriptionPlace(session: index, slot: slot)
        guard let subscription = self.entries[index]?.session.subscriptions[slot],
            let wanted = self.wanted(bySeeingOn: subscription, place, before),
            let predicate = self.predicate(index, slot, seenBy: filter)
        else { return false }
        self.dropSummary(index, slot)
        self.entries[index]?.session.waitToSee(slot, predicate)
        self.noteSees(index, slot, from: subscription.isLagging ? subscription.next : nil)
        self.want(wanted, index, slot)
        return true
    }

    /// What a subscription whose sight changes at its place is to be sent first; nil if it has to begin anew.
    private func wanted(
        bySeeingOn subscription: Subscription, _ place: SubscriptionPlace, _ principal: Principal
    ) -> SummaryReading.Wanted? {
        switch subscription.phase {
        case .lagging:
            guard let before = subscription.predicate, !subscription.isWithinBatch else {
                return nil
            }
            return .sightChange(from: before, of: principal, at: subscription.next)
        case .waiting:
            // Nothing of what it waits for has been sent.
            guard let wanted = self.summaries[place]?.wanted else { return nil }
            switch wanted {
            case .snapshot, .sightChange: return wanted
            case .netChanges: return nil
            }
        case .starting, .summarizing, .live, .following, .over: return nil
        }
    }

    private func predicate(_ index: Int, _ slot: Int, seenBy filter: Filter?) -> Predicate? {
        guard let asked = self.entries[index]?.session.subscriptions[slot].request.filter else {
            return nil
        }
        return Predicate(filter ?? asked.seen(by: .nothing), hasher: self.log.hasher) {
            self.log.rarity(of: $0)
        }
    }
}
