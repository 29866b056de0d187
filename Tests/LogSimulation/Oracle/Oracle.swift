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
    var records: [ExpectedRecord] = []
    var model = MembershipModel()
    /// The last batch of each producer.
    var receipts: [ProducerIdentity.ID: Receipt] = [:]
    /// The highest sequence that each producer has used.
    private(set) var sequences: [ProducerIdentity.ID: UInt64] = [:]
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
    /// What maintenance may have removed, and has.
    var removal = Removal()

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
                previousIsGone: previous.map { self.records[$0].isGone } ?? false,
                producer: producer, isFirstOfBatch: index == 0,
                isLastOfBatch: index == batch.count - 1, time: self.lastTime,
                durable: self.durable, epoch: self.epoch)
            self.records.append(record)
            self.noteReceipt(record, at: offset)
        }
    }

    private mutating func noteReceipt(_ record: ExpectedRecord, at offset: Int) {
        guard let producer = record.producer else { return }
        self.sequences[producer.id] = producer.sequence
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
        var expected = self.records[offset]
        var violation: Violation?
        var isThere = false
        var failure: StorageError?
        do throws(StorageError) {
            if let extent = try log.extent(at: Offset(UInt64(offset))) {
                let found: Void? = try extent.segment.withRecord(at: Offset(UInt64(offset))) {
                    (record) throws(StorageError) in
                    do throws(Violation) {
                        try expected.check(record, at: offset, epoch: extent.segment.epoch)
                    } catch {
                        violation = error
                    }
                }
                isThere = found != nil
            } else {
                violation = Violation("record \(offset) is missing")
            }
        } catch {
            failure = error
        }
        if let violation { throw violation }
        if let failure {
            return try promise(
                failure.code == .retained && offset < self.removal.first,
                "record \(offset) cannot be read: \(failure)")
        }
        try promise(offset >= self.removal.first, "record \(offset) is back, after retention")
        guard isThere else { return try self.noteRemoved(offset) }
        try promise(!expected.isGone, "record \(offset) is back, after compaction")
        self.records[offset] = expected
        let place = Place(epoch: expected.epoch, offset: offset)
        try promise(
            self.seen[place, default: expected.serial] == expected.serial,
            "offset \(offset) was used again under epoch \(place.epoch), after readers saw it")
        self.seen[place] = expected.serial
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
        self.truncate(to: end, of: log)
        try self.raise(first: Int(log.first.rawValue))
        for offset in 0..<end { try self.see(offset, in: log) }
        for group in Workload.allGroups {
            try self.checkPostings(of: group, in: log, from: 0, limit: .max)
        }
        try self.checkRemoved(in: log)
        for taken in self.tokens { try self.check(taken, in: log) }
    }

    /// Forgets that readers saw the records from `bound` on: for damage that the log cannot know of.
    mutating func forgive(from bound: Int) {
        self.seen = self.seen.filter { $0.key.offset < bound }
        self.visible = min(self.visible, bound)
        self.removal.hasForgiven = true
    }

    private mutating func truncate(to end: Int, of log: ChangeLog) {
        if end < self.records.count {
            self.records.removeLast(self.records.count - end)
            self.rebuild()
        }
        // The time of records that are no longer kept is not known.
        self.lastTime = self.records.last?.time ?? .min
        if Int(log.first.rawValue) == end { self.lastTime = .min }
        self.appended = end
        self.durable = end
        self.visible = end
    }

    /// Derives from the records what is derived from them.
    mutating func rebuild() {
        self.model = MembershipModel()
        self.receipts = [:]
        for (offset, record) in self.records.enumerated() {
            self.model.note(record, at: offset)
            self.noteReceipt(record, at: offset)
        }
        self.model.forget(below: self.removal.first)
        self.receipts = self.receipts.filter { !self.records[$0.value.first].isGone }
    }

    // MARK: - Readers

    /// Takes a token at a visible place, and keeps it for later.
    mutating func take(_ token: ResumeToken, keptMax: Int) {
        let next = Int(token.next.rawValue)
        let serial = next == 0 ? nil : self.records[next - 1].serial
        if self.tokens.count >= keptMax { self.tokens.removeFirst() }
        self.tokens.append(TakenToken(token: token, serialBefore: serial))
    }

    /// Checks that a token resumes, or is refused for the right reason: a reader of everything, or one of some
    /// groups only.
    func check(
        _ taken: TakenToken, groups: [GroupKey]? = nil, in log: ChangeLog
    ) throws(Violation) {
        let token = taken.token
        let next = Int(token.next.rawValue)
        let found = log.refusal(of: token, groups: groups.map { $0.map(log.hasher.groupHash) })
        func expect(_ isRight: Bool, _ wanted: String) throws(Violation) {
            let whose = groups.map { " of \($0)" } ?? ""
            try promise(
                isRight,
                "token at \(next)\(whose) of epoch \(token.epoch): \(found?.rawValue ?? "resumes"), "
                    + "expected \(wanted)")
        }
        if next > self.visible {
            let wanted = token.epoch == self.epoch ? ChangeLog.ResumeFailure.unknownToken : .epoch
            return try expect(found == wanted, wanted.rawValue)
        }
        let isOurs: Bool
        if let serial = taken.serialBefore {
            isOurs = self.records[next - 1].serial == serial
        } else {
            isOurs = token.epoch == self.startEpoch
        }
        let isLost =
            groups.map { $0.contains { self.lastRemoved(of: $0) >= next } }
            ?? (self.lastRemoved() >= next)
        if isLost {
            return try expect(found == .retained || !isOurs && found == .epoch, "retained")
        }
        // What the log has tried to remove without success it may answer as if it were gone.
        let isCautious = found == .retained && self.isCaution(below: next, isOfAll: groups == nil)
        if isOurs {
            // Below the first segment the token can be of an epoch before the one that is still known.
            let isBelow =
                found == .retained && next < self.removal.first
                && token.epoch != self.records[self.removal.first - 1].epoch
            return try expect(found == nil || isCautious || isBelow, "that it resumes")
        }
        // Where the record is not kept nothing proves that damage has replaced it.
        if next <= self.removal.first, self.removal.hasForgiven { return }
        try expect(
            found == .epoch || isCautious || found == .retained && next < self.removal.first,
            "epoch")
    }

    /// The offsets in `range` of the kept records that are in any or all of `groups`.
    func offsets(
        of groups: [GroupKey], isAll: Bool = false, in range: Range<Int>
    ) -> [Offset] {
        range.filter { offset in
            guard offset >= self.removal.first, !self.records[offset].isGone else { return false }
            return isAll
                ? groups.allSatisfy { self.carries(offset, $0) }
                : groups.contains { self.carries(offset, $0) }
        }.map { Offset(UInt64($0)) }
    }

    /// Whether the record names `group`, however.
    func carries(_ offset: Int, _ group: GroupKey) -> Bool {
        let record = self.records[offset]
        let wanted = SimulatedGroup(property: group.property, value: group.value)
        return record.change.model == group.model
            && record.groups.contains { $0.group.isSame(as: wanted) }
    }

    /// Checks the postings of a group in all segments against a look at every record.
    func checkPostings(
        of group: GroupKey, in log: ChangeLog, from: Int, limit: Int
    ) throws(Violation) {
        let hash = log.hasher.groupHash(group)
        var at = max(log.first, Offset(UInt64(from)))
        do throws(StorageError) {
            while let extent = try log.extent(at: at) {
                let found = try extent.postings(of: hash, from: at, limit: limit)
                let expected = self.offsets(
                    of: [group], in: Int(at.rawValue)..<Int(extent.end.rawValue))
                guard found.elementsEqual(expected.prefix(limit)) else {
                    throw StorageError(.io, "they are \(found), expected \(expected)")
                }
                at = extent.end
            }
        } catch {
            throw Violation("postings of \(group) from \(at): \(error)")
        }
    }

    /// Checks the batch that a visible record belongs to, of which some may be gone.
    func checkBatch(of offset: Int, in log: ChangeLog) throws(Violation) {
        guard offset >= self.removal.first else { return }
        var first = offset
        while !self.records[first].isFirstOfBatch { first -= 1 }
        var last = offset
        while !self.records[last].isLastOfBatch { last += 1 }
        do throws(StorageError) {
            let found = try log.extent(at: Offset(UInt64(offset)))?.batch(
                of: Offset(UInt64(offset)))
            guard found == Offset(UInt64(first))..<Offset(UInt64(last + 1)) else {
                throw StorageError(.io, "it is \(String(describing: found))")
            }
        } catch {
            throw Violation("batch of record \(offset), expected \(first)...\(last): \(error)")
        }
    }
}
