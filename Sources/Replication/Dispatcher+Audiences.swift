import LogModel
import LogStorage
import Matching
import Sessions
import WireProtocol

/// What makes sessions get the same bytes.
struct AudienceSignature: Hashable {
    struct Item: Hashable {
        let id: UInt64
        let form: RecordForm
        let filter: Filter
    }

    let dialect: Dialect
    let items: [Item]
}

/// An audience as its dispatcher knows it.
struct AudienceEntry {
    /// A live subscription that all members have.
    struct Slot {
        let id: UInt64
        let form: RecordForm
        let predicate: Predicate
        /// The subscription's slot in its session, if the audience has one session only.
        let sessionSlot: Int
    }

    var audience: Audience
    /// Under which it is found; nil if it belongs to one session alone.
    let signature: AudienceSignature?
    /// The subscriptions, as the matcher numbers them; nil where one has ended.
    var slots: [Slot?]
    /// For each of `slots` the calls of ``Dispatcher/tellProgress()`` since it was last told something.
    var quietTicks: [UInt8] = []
    var isTouched = false
    var isTouchedByBatch = false
    /// Whether it is in `ready` already.
    var isReady = false
}

/// Who is in which audience, and how the chunks get to the sockets.
extension Dispatcher {
    // MARK: - Writing

    /// Writes to members of audiences that have chunks to take: a slice of each audience in turn, so that a wide
    /// one does not hold up the others.
    func serveAudiences() {
        var writes = 0
        var byteCount = 0
        let numbers = self.ready
        self.ready.removeAll(keepingCapacity: true)
        var waiting: [Int] = []
        for (index, number) in numbers.enumerated() {
            guard writes < self.limits.writesPerTurnMax,
                byteCount < self.limits.byteCountPerTurnMax
            else {
                // Those who had nothing in this turn come first in the next.
                waiting = numbers[index...] + waiting
                break
            }
            let written = self.serve(
                number,
                countMax: min(
                    self.limits.writesPerAudienceMax, self.limits.writesPerTurnMax - writes),
                byteCountMax: self.limits.byteCountPerTurnMax - byteCount)
            writes += written.count
            byteCount += written.byteCount
            if self.audiences[number]?.isReady == true { waiting.append(number) }
        }
        // What became ready meanwhile is behind them.
        self.ready = waiting + self.ready
    }

    /// Writes to up to `countMax` members that are behind, until that were `byteCountMax` bytes. Returns to how
    /// many, and how many bytes.
    private func serve(
        _ number: Int, countMax: Int, byteCountMax: Int
    ) -> (count: Int, byteCount: Int) {
        var written = (count: 0, byteCount: 0)
        var writes: [OutboundWrite] = []
        writes.reserveCapacity(countMax)
        let takenMax = self.limits.takenByteCountMax
        while written.count < countMax, written.byteCount < byteCountMax,
            let behind = self.audiences[number]?.audience.behindCount, behind > 0
        {
            // Each is in a burst once: whether a socket can take more is known after it.
            for _ in 0..<min(behind, countMax - written.count)
            where written.byteCount < byteCountMax {
                guard
                    let (index, bytes) = self.audiences[number]?.audience.takeNext(
                        byteCountMax: takenMax), let connection = self.entries[index]?.connection
                else { break }
                written.byteCount += bytes.bytes.count
                written.count += 1
                writes.append(
                    OutboundWrite(connection: connection, bytes: bytes, session: index))
            }
            self.send(&writes)
        }
        let stragglers = self.audiences[number]?.audience.stragglers(
            byteCountMax: self.limits.chunksByteCountMax)
        for index in stragglers ?? [] {
            self.becomeLagging(index)
            self.queueIfBehind(index)
        }
        if self.audiences[number]?.audience.behindCount == 0 {
            self.audiences[number]?.isReady = false
        }
        return written
    }

    /// Writes what a session has not taken of its audience's chunks. Returns whether its socket can take more.
    func settle(_ index: Int) -> Bool {
        while let entry = self.entries[index], entry.audience >= 0, !entry.session.isBlocked,
            let bytes = self.audiences[entry.audience]?.audience.take(
                entry.place, byteCountMax: self.limits.takenByteCountMax)
        {
            self.send(bytes, to: index)
        }
        return self.entries[index]?.session.isBlocked == false
    }

    /// Makes a chunk of what an audience was given.
    func finishChunk(_ number: Int, from start: Offset) {
        self.audiences[number]?.audience.finishChunk(from: start)
        guard let entry = self.audiences[number], entry.audience.behindCount > 0, !entry.isReady
        else { return }
        self.audiences[number]?.isReady = true
        self.ready.append(number)
    }

    /// Tells audiences that have not heard anything for a while where they are.
    func tellAudiences(_ token: String, part: Int, of partCount: Int) {
        for number in stride(from: part, to: self.audiences.count, by: partCount) {
            guard let entry = self.audiences[number] else { continue }
            for (place, slot) in entry.slots.enumerated() {
                guard let slot else { continue }
                let ticks = min(Int(entry.quietTicks[place]) + 1, Int(UInt8.max))
                let isDue = ticks >= self.limits.quietTicksMax
                self.audiences[number]?.quietTicks[place] = isDue ? 0 : UInt8(ticks)
                guard isDue else { continue }
                self.audiences[number]?.audience.composer.addMessage { dialect, bytes in
                    dialect.appendCovered(slot.id, token: token, isLive: true, to: &bytes)
                }
            }
            self.finishChunk(number, from: self.cursor)
        }
    }

    // MARK: - Joining and leaving

    /// Makes live the subscriptions of a session that have reached the loop's cursor.
    ///
    /// A client of rest-live cannot tell an older frame of one subscription from a newer one of another, so
    /// its subscriptions become live together.
    func joinLive(_ index: Int) {
        guard let session = self.entries[index]?.session, !session.isBlocked else { return }
        let lagging = session.subscriptions.indices.filter { session.subscriptions[$0].isLagging }
        let reached = lagging.filter { session.subscriptions[$0].next == self.cursor }
        guard !reached.isEmpty else { return }
        if session.dialect == .restLive && reached.count < lagging.count { return }
        let follows = self.follows(session)
        guard self.settle(index) else { return }
        guard let token = self.token(at: self.cursor) else { return self.fail(index) }
        var output: [UInt8] = []
        for slot in reached where follows(slot) {
            self.follow(index, slot, token: token, output: &output)
        }
        let live = reached.filter { !follows($0) }
        for slot in live {
            self.entries[index]?.session.becomeLive(slot, token: token, output: &output)
        }
        if !live.isEmpty { self.enterAudience(index, adding: live) }
        self.send(OutboundBytes(output), to: index)
    }

    /// Stops giving records to the subscription in `slot`, which was live and is over.
    func leaveLive(_ index: Int, _ slot: Int) {
        guard let number = self.entries[index]?.audience, number >= 0 else { return }
        guard self.audiences[number]?.signature == nil,
            let place = self.audiences[number]?.slots.firstIndex(where: { $0?.sessionSlot == slot })
        else { return self.enterAudience(index, adding: []) }
        self.removeSlot(number, place)
        if self.audiences[number]?.slots.allSatisfy({ $0 == nil }) == true {
            _ = self.leaveAudience(index)
        }
    }

    /// Makes the live subscriptions of a session lag, from where it has got to.
    func becomeLagging(_ index: Int) {
        guard let live = self.entries[index]?.session.liveSlots, !live.isEmpty else { return }
        let reached = self.leaveAudience(index) ?? self.cursor
        for slot in live { self.entries[index]?.session.becomeLagging(slot, from: reached) }
    }

    /// Makes every live subscription lag, and lets the loop go on to what is visible: for when the loop itself
    /// cannot read what is between. Each subscription then reads what concerns it, or is told.
    ///
    /// - Parameter start: the loop's cursor when all audiences had what was before it.
    func leaveLive(from start: Offset) {
        self.touched.removeAll()
        self.touchedByBatch.removeAll()
        for index in self.entries.indices {
            guard let live = self.entries[index]?.session.liveSlots, !live.isEmpty else { continue }
            let reached = self.leaveAudience(index) ?? start
            for slot in live { self.entries[index]?.session.becomeLagging(slot, from: reached) }
            self.queueIfBehind(index)
        }
        self.wakeAllFollowers(from: start)
        self.cursor = self.log.watermarks.visible
    }

    /// Removes a session from its audience, if it has one. Returns the offset below which it was given everything;
    /// nil for the loop's cursor.
    func leaveAudience(_ index: Int) -> Offset? {
        guard let entry = self.entries[index], entry.audience >= 0 else { return nil }
        let number = entry.audience
        self.entries[index]?.audience = -1
        self.entries[index]?.place = -1
        guard let (reached, moved) = self.audiences[number]?.audience.leave(entry.place)
        else { return nil }
        if let moved { self.entries[moved]?.place = entry.place }
        if self.audiences[number]?.audience.memberCount == 0 { self.removeAudience(number) }
        return reached
    }

    /// Puts a session into the audience that goes with its live subscriptions, of which those in `slots` are new.
    /// It has been given everything below the loop's cursor.
    private func enterAudience(_ index: Int, adding slots: [Int]) {
        guard let session = self.entries[index]?.session else { return }
        if let number = self.entries[index]?.audience, number >= 0, !slots.isEmpty,
            self.audiences[number]?.signature == nil
        {
            for slot in slots { self.addSlot(number, session.subscriptions[slot], slot) }
            return
        }
        let reached = self.leaveAudience(index)
        precondition(reached == nil, "a session changes its audience between two chunks")
        let live = session.liveSlots
        guard !live.isEmpty else { return }
        let number = self.audience(for: live, of: session)
        self.entries[index]?.audience = number
        self.entries[index]?.place = self.audiences[number]?.audience.join(index) ?? -1
    }

    /// The number of the audience for the subscriptions in `live`; a new one if there is none.
    private func audience(for live: [Int], of session: Session) -> Int {
        var signature: AudienceSignature?
        if live.count <= self.limits.sharedSubscriptionsMax {
            let made = AudienceSignature(
                dialect: session.dialect,
                items: live.map {
                    AudienceSignature.Item(
                        id: session.subscriptions[$0].id,
                        form: session.subscriptions[$0].form,
                        filter: session.subscriptions[$0].request.filter)
                })
            if let number = self.sharedAudiences[made] { return number }
            signature = made
        }
        let composer = FrameComposer(
            dialect: session.dialect, joinsBatches: live.count == 1 && signature != nil,
            limits: self.sessionLimits)
        let entry = AudienceEntry(
            audience: Audience(composer: composer, countedIn: self.chunkHoldings),
            signature: signature, slots: [])
        let number: Int
        if let vacant = self.vacantAudiences.popLast() {
            number = vacant
            self.audiences[number] = entry
        } else {
            number = self.audiences.count
            self.audiences.append(entry)
        }
        if let signature { self.sharedAudiences[signature] = number }
        for slot in live { self.addSlot(number, session.subscriptions[slot], slot) }
        return number
    }

    private func addSlot(_ number: Int, _ subscription: Subscription, _ sessionSlot: Int) {
        guard let predicate = subscription.predicate, let slots = self.audiences[number]?.slots
        else { return }
        let slot = AudienceEntry.Slot(
            id: subscription.id, form: subscription.form, predicate: predicate,
            sessionSlot: sessionSlot)
        let place = slots.firstIndex { $0 == nil } ?? slots.count
        if place < slots.count {
            self.audiences[number]?.slots[place] = slot
            self.audiences[number]?.quietTicks[place] = 0
        } else {
            self.audiences[number]?.slots.append(slot)
            self.audiences[number]?.quietTicks.append(0)
        }
        self.matcher.add(Subscriber(owner: UInt32(number), slot: UInt32(place)), predicate)
    }

    private func removeSlot(_ number: Int, _ place: Int) {
        guard let slot = self.audiences[number]?.slots[place] else { return }
        self.matcher.remove(
            Subscriber(owner: UInt32(number), slot: UInt32(place)), slot.predicate)
        self.audiences[number]?.slots[place] = nil
    }

    private func removeAudience(_ number: Int) {
        guard let entry = self.audiences[number] else { return }
        for place in entry.slots.indices { self.removeSlot(number, place) }
        if let signature = entry.signature { self.sharedAudiences[signature] = nil }
        self.audiences[number] = nil
        // Its number may still be in `ready`: nothing happens to an audience there that has nothing to take.
        self.vacantAudiences.append(number)
    }
}
