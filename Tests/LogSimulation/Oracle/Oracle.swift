import LogFormat
import LogModel
import LogStorage

/// What the log must hold, kept outside of it: what was attempted, written, durable and shown.
package struct Oracle {
    /// A token that was given, and the attempt before it.
    struct TakenToken {
        let token: ResumeToken
        let serialBefore: Int?
    }

    struct Receipt: Hashable {
        let sequence: UInt64
        let first: Int
        var last: Int
    }

    private struct Place: Hashable {
        let epoch: Epoch
        let offset: Int
    }

    /// What was attempted and can still be in the log, by offset.
    private(set) var records: [ExpectedRecord] = []
    private var model = MembershipModel()
    /// The last batch of each producer.
    private(set) var receipts: [ProducerIdentity.ID: Receipt] = [:]
    private var serial = 0
    private var lastTime = Int64.min
    /// Bounds that the log has told, or that follow from what it did.
    private(set) var appended = 0
    private(set) var durable = 0
    private(set) var visible = 0
    /// Which attempt readers saw at a place of a history.
    private var seen: [Place: Int] = [:]
    private var epochs: [Epoch] = []
    private var startEpoch: Epoch?
    private(set) var tokens: [TakenToken] = []

    /// The epoch of new records.
    var epoch: Epoch { self.epochs.last ?? Epoch(0) }

    // MARK: - Appending

    /// The time that the next records get.
    func time(_ wanted: Int64) -> Int64 { max(self.lastTime, wanted) }

    /// Notes a batch that the log has accepted.
    mutating func append(
        _ batch: [SimulatedChange], producer: ProducerIdentity?, time: Int64
    ) {
        self.lastTime = self.time(time)
        for (index, change) in batch.enumerated() {
            self.serial += 1
            let offset = self.records.count
            let (groups, previous) = self.model.apply(change, at: offset)
            let record = ExpectedRecord(
                serial: self.serial, change: change, groups: groups, previousOfKey: previous,
                producer: producer, isFirstOfBatch: index == 0,
                isLastOfBatch: index == batch.count - 1, time: self.lastTime,
                durable: self.durable, epoch: self.epoch)
            self.records.append(record)
            self.noteReceipt(record, at: offset)
        }
    }

    private mutating func noteReceipt(_ record: ExpectedRecord, at offset: Int) {
        guard let producer = record.producer else { return }
        if var receipt = self.receipts[producer.id], receipt.sequence == producer.sequence {
            receipt.last = offset
            self.receipts[producer.id] = receipt
        } else {
            self.receipts[producer.id] = Receipt(
                sequence: producer.sequence, first: offset, last: offset)
        }
    }

    /// Takes over the bounds of the log, and checks every record that became visible.
    mutating func observe(_ log: ChangeLog) throws(Violation) {
        let marks = log.watermarks
        let (appended, durable) = (Int(marks.appended.rawValue), Int(marks.durable.rawValue))
        let visible = Int(marks.visible.rawValue)
        try promise(
            appended >= self.appended && durable >= self.durable && visible >= self.visible,
            "a bound moved backwards")
        try promise(
            durable <= appended && visible <= appended && appended <= self.records.count,
            "the bounds are out of order")
        self.appended = appended
        self.durable = durable
        let shown = self.visible..<visible
        self.visible = visible
        for offset in shown { try self.see(offset, in: log) }
    }

    /// Checks the record `offset`, which is visible, and that nobody saw another one there.
    mutating func see(_ offset: Int, in log: ChangeLog) throws(Violation) {
        if self.records[offset].fate == .gone {
            return try promise(
                log.extent(at: Offset(UInt64(offset))) == nil, "record \(offset) is back again")
        }
        guard let extent = log.extent(at: Offset(UInt64(offset))) else {
            try promise(self.records[offset].fate == .mayBeGone, "record \(offset) is missing")
            self.records[offset].fate = .gone
            return
        }
        do {
            let record = try extent.segment.checkedRecord(at: Offset(UInt64(offset)))
            try self.records[offset].check(record, at: offset, epoch: extent.segment.epoch)
        } catch let error as Violation {
            throw error
        } catch {
            throw Violation("record \(offset) cannot be read: \(error)")
        }
        let place = Place(epoch: self.records[offset].epoch, offset: offset)
        let serial = self.records[offset].serial
        try promise(
            self.seen[place, default: serial] == serial,
            "offset \(offset) was used again under epoch \(place.epoch), after readers saw it")
        self.seen[place] = serial
    }

    // MARK: - Recovery

    /// Checks what an opening found, and goes on from there.
    ///
    /// - Parameters:
    ///   - floor: the log must have at least so many records.
    ///   - epochMayChange: whether there was a reason to begin a new epoch.
    ///   - isFirstAttempt: whether no opening was interrupted before this one.
    mutating func recover(
        _ log: ChangeLog, report: RecoveryReport, floor: Int, epochMayChange: Bool,
        isFirstAttempt: Bool
    ) throws(Violation) {
        let end = Int(log.watermarks.visible.rawValue)
        try promise(
            log.watermarks.appended == log.watermarks.visible
                && log.watermarks.durable == log.watermarks.visible
                && report.end == log.watermarks.visible, "bounds differ after recovery")
        try promise(end >= floor, "acknowledged records \(end) to \(floor - 1) are lost")
        try promise(end <= self.records.count, "the log has \(end) records, never so many")
        try promise(
            end == 0 || self.records[end - 1].isLastOfBatch, "a part of a batch is kept, to \(end)")
        let isFirst = self.epochs.isEmpty
        let isNew = log.epoch != self.epoch
        try promise(
            isFirst || report.hasNewEpoch == isNew || isNew && !isFirstAttempt,
            "the report is wrong about the epoch")
        if isFirst || isNew {
            try promise(!self.epochs.contains(log.epoch), "the epoch is one of before")
            try promise(isFirst || epochMayChange, "a new epoch began without a reason")
            self.epochs.append(log.epoch)
            if isFirst || end == 0 { self.startEpoch = log.epoch }
        } else {
            try promise(
                end >= self.visible,
                "records \(end) to \(self.visible - 1), which readers saw, are lost under the same epoch"
            )
        }
        self.truncate(to: end)
        for offset in 0..<end { try self.see(offset, in: log) }
        for group in Workload.allGroups {
            try self.checkPostings(of: group, in: log, from: 0, limit: .max)
        }
        for taken in self.tokens { try self.check(taken, in: log) }
    }

    /// Forgets that readers saw the records from `bound` on: for damage that the log cannot know of.
    mutating func forgive(from bound: Int) {
        self.seen = self.seen.filter { $0.key.offset < bound }
        self.visible = min(self.visible, bound)
    }

    private mutating func truncate(to end: Int) {
        if end < self.records.count {
            self.records.removeLast(self.records.count - end)
            self.model = MembershipModel()
            self.receipts = [:]
            for (offset, record) in self.records.enumerated() {
                self.model.note(record, at: offset)
                self.noteReceipt(record, at: offset)
            }
        }
        self.lastTime = self.records.last?.time ?? .min
        self.appended = end
        self.durable = end
        self.visible = end
    }

    // MARK: - Readers

    /// Takes a token at a visible place, and keeps it for later.
    mutating func take(_ token: ResumeToken, keptMax: Int) {
        let next = Int(token.next.rawValue)
        let serial = next == 0 ? nil : self.records[next - 1].serial
        if self.tokens.count >= keptMax { self.tokens.removeFirst() }
        self.tokens.append(TakenToken(token: token, serialBefore: serial))
    }

    /// Checks that a token resumes, or is refused for the right reason.
    func check(_ taken: TakenToken, in log: ChangeLog) throws(Violation) {
        let token = taken.token
        let next = Int(token.next.rawValue)
        let first = Int(log.first.rawValue)
        let wanted: ChangeLog.ResumeFailure?
        if next > self.visible {
            wanted = token.epoch == self.epoch ? .unknownToken : .epoch
        } else if next < first {
            wanted = .retained
        } else if let serial = taken.serialBefore {
            wanted = self.records[next - 1].serial == serial ? nil : .epoch
        } else {
            wanted = token.epoch == self.startEpoch ? nil : .epoch
        }
        let found = log.refusal(of: token)
        try promise(
            found == wanted,
            "token at \(next) of epoch \(token.epoch): \(found?.rawValue ?? "resumes"), expected "
                + (wanted?.rawValue ?? "that it resumes"))
    }

    /// Checks the postings of a group in all segments against a look at every record.
    func checkPostings(
        of group: GroupKey, in log: ChangeLog, from: Int, limit: Int
    ) throws(Violation) {
        let wanted = SimulatedGroup(property: group.property, value: group.value)
        let hash = log.hasher.groupHash(group)
        var at = max(log.first, Offset(UInt64(from)))
        while let extent = log.extent(at: at) {
            var expected: [Offset] = []
            for offset in Int(at.rawValue)..<Int(extent.end.rawValue)
            where self.records[offset].fate == .kept {
                let record = self.records[offset]
                if record.change.model == group.model,
                    record.groups.contains(where: { $0.group.isSame(as: wanted) })
                {
                    expected.append(Offset(UInt64(offset)))
                }
            }
            let found: [Offset]
            do throws(StorageError) {
                found = try extent.postings(of: hash, from: at, limit: limit)
            } catch {
                throw Violation("postings of \(group) from \(at): \(error)")
            }
            // What may be gone need not be found, but takes its place if it is.
            let kept = found.filter { self.records[Int($0.rawValue)].fate == .kept }
            try promise(
                found.count <= limit && kept.elementsEqual(expected.prefix(kept.count))
                    && (found.count == limit || kept.count == expected.count),
                "postings of \(group) in \(at)..<\(extent.end) are \(found), expected \(expected)")
            at = extent.end
        }
    }

    /// Checks the batch that a visible record belongs to.
    func checkBatch(of offset: Int, in log: ChangeLog) throws(Violation) {
        guard let extent = log.extent(at: Offset(UInt64(offset))) else { return }
        var first = offset
        while !self.records[first].isFirstOfBatch { first -= 1 }
        var last = offset
        while !self.records[last].isLastOfBatch { last += 1 }
        guard self.records[first...last].allSatisfy({ $0.fate == .kept }) else { return }
        let found = extent.batch(of: Offset(UInt64(offset)))
        try promise(
            found == Offset(UInt64(first))..<Offset(UInt64(last + 1)),
            "record \(offset) is in the batch \(found), expected \(first)...\(last)")
    }

    // MARK: - Maintenance

    /// Notes that the log was told to give up the records of `offsets`: from now on each may be gone.
    /// Once one was found to be gone it must stay so.
    package mutating func mayRemove(_ offsets: some Sequence<Int>) {
        for offset in offsets where self.records[offset].fate == .kept {
            self.records[offset].fate = .mayBeGone
        }
    }
}
