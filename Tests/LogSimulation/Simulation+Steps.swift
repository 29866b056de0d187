import LogFormat
import LogModel
import LogStorage
import TestSupport

/// What can happen between two openings. A new kind of step is a case here, a weight and a line in `step()`.
extension Simulation {
    enum Step: CaseIterable {
        case append, appendMany, fillSegments, repeatBatch
        case write, synchronize, publish, commit
        case lookAround, takeToken, damageWhileOpen, openTwice
        case writeBack, armFault, failAtRandom, dieSoon
        case fillDisk, emptyDisk
        case maintain, maintainMany, noteDurable, thaw
        case kill, losePower, close

        /// How often, relative to the others.
        var weight: Int {
            switch self {
            case .append: 24
            case .appendMany: 2
            case .repeatBatch: 3
            case .write, .synchronize, .publish: 6
            case .commit: 14
            case .lookAround: 6
            case .takeToken: 4
            case .damageWhileOpen, .openTwice: 1
            case .writeBack: 3
            case .armFault: 3
            case .failAtRandom: 1
            case .dieSoon: 4
            case .fillDisk: 1
            case .emptyDisk: 2
            case .fillSegments: 2
            case .maintain: 14
            case .maintainMany: 3
            case .noteDurable, .thaw: 2
            case .kill: 1
            case .losePower: 2
            case .close: 2
            }
        }
    }

    private static let steps = Step.allCases.flatMap { Array(repeating: $0, count: $0.weight) }

    func step() throws(Violation) {
        switch self.random.pick(Self.steps) {
        case .append: try self.append()
        case .appendMany: for _ in 0..<20 where !self.disk.isDead { try self.append() }
        case .fillSegments: try self.fillSegments()
        case .repeatBatch: try self.repeatBatch()
        case .write: try self.call("write") { (writer) throws(StorageError) in try writer.write() }
        case .synchronize:
            try self.call("synchronize") { (writer) throws(StorageError) in try writer.synchronize()
            }
        case .publish: try self.publish()
        case .commit: try self.commit()
        case .lookAround: try self.lookAround()
        case .takeToken: try self.takeToken()
        case .damageWhileOpen: try self.damageWhileOpen()
        case .openTwice: try self.openTwice()
        case .writeBack: self.disk.writeBack()
        case .armFault:
            guard self.random.chance(self.manner.faultShare, in: 4) else { return }
            self.disk.armed = self.random.pick([
                .write, .synchronize, .synchronize, .synchronizeNames, .reserve, .rename, .create,
                .open, .remove, .read, .map,
            ])
        case .failAtRandom:
            guard self.random.chance(self.manner.faultShare, in: 4) else { return }
            self.disk.faultsPerThousand = self.random.pick([0, 0, 5, 50])
        case .dieSoon:
            self.disk.diesAt =
                self.disk.stepCount + 1 + self.random.below(self.random.pick([4, 30]))
        case .fillDisk:
            self.disk.freeByteCount = self.random.below(2 * self.options.segmentByteCount)
        case .emptyDisk: self.disk.freeByteCount = Self.plenty
        case .maintain: try self.maintain()
        case .maintainMany: for _ in 0..<12 where !self.disk.isDead { try self.maintain() }
        case .noteDurable: try self.noteDurable()
        case .thaw: try self.thaw()
        case .kill: try self.restart(power: false)
        case .losePower: try self.restart(power: true)
        case .close: try self.close()
        }
    }

    private func restart(power: Bool) throws(Violation) {
        self.stop(power: power)
        try self.open()
    }

    // MARK: - The writer

    /// Calls the log, judges its error and takes over its bounds. Returns nil if it threw or died.
    @discardableResult
    func call<Result>(
        _ name: String, _ body: (LogWriter) throws(StorageError) -> Result
    ) throws(Violation) -> Result? {
        guard let writer else { throw Violation("there is no log to call") }
        self.trace.note(name)
        let faultCount = self.disk.faultCount
        var result: Result?
        var failure: StorageError?
        do throws(StorageError) {
            result = try body(writer)
        } catch {
            failure = error
        }
        if let failure {
            try self.judge(failure, of: name, faultCount: faultCount)
        } else if !self.disk.isDead {
            try promise(!self.life.isPoisoned, "\(name) of a log that had failed did not throw")
        }
        self.noteMetaFault()
        // A process that has died acknowledges nothing any more.
        if !self.disk.isDead { try self.oracle.observe(writer.log) }
        return self.disk.isDead ? nil : result
    }

    private func judge(
        _ error: StorageError, of name: String, faultCount: Int
    ) throws(Violation) {
        self.trace.note("  threw \(error.code)")
        guard !self.disk.isDead else { return }
        let newFaults = self.disk.faultCount - faultCount
        switch error.code {
        case .poisoned:
            try promise(
                newFaults > 0 || self.life.isPoisoned || self.life.hasFailedToClose,
                "\(name) failed for good, without a fault: \(error)")
            if newFaults == 1, self.disk.lastFault?.kind == .synchronize {
                self.life.isEvictable = true
            }
            if newFaults > 0 {
                self.life.isPoisoned = true
                self.count("failed writers")
            }
        case .io:
            try promise(newFaults > 0, "\(name) failed without a fault: \(error)")
        case .diskFull:
            try promise(
                self.disk.freeByteCount < 512 << 10,
                "\(name): the disk is not full: \(error)")
            self.count("appends to a full disk")
        default: throw Violation("\(name) threw \(error.code): \(error)")
        }
    }

    /// After a write of `meta` that failed its other page may be what counts.
    func noteMetaFault() {
        if let fault = self.disk.lastFault, fault.path.hasSuffix("/meta") {
            self.expectation.epochMayChange = true
        }
    }

    /// Appends until there are some segments more.
    private func fillSegments() throws(Violation) {
        guard self.manner.isLong else { return }
        for _ in 0..<10 {
            try self.append(sized: self.options.segmentByteCount / 2)
            if self.disk.isDead { return }
            try self.commit()
            if self.disk.isDead { return }
            if self.random.chance(1, in: 2) { try self.maintain() }
            if self.disk.isDead { return }
        }
    }

    private func append(sized size: Int? = nil) throws(Violation) {
        let capacity = self.options.segmentByteCount - 2 * 4096
        var batch = self.workload.batch(&self.random, capacity: capacity)
        if let size { batch = self.workload.batch(&self.random, size: size) }
        self.clock += Int64(self.random.below(20))
        // Clocks go back sometimes.
        let time = self.random.chance(1, in: 20) ? self.clock / 2 : self.clock
        var producer: ProducerIdentity?
        if self.manner.hasProducers, self.random.chance(1, in: 2) {
            let id = ProducerIdentity.ID(low: UInt64(1 + self.random.below(3)), high: 7)
            let last = self.oracle.sequences[id] ?? 0
            producer = ProducerIdentity(id: id, sequence: last + 1 + UInt64(self.random.below(2)))
        }
        var changes = Workload.changes(batch)
        let bytes = batch.reduce(0) { $0 + $1.instance.utf8.count }
        var isTooLarge = false
        let placement = try self.call("append \(batch.count) changes, \(bytes) bytes") {
            (writer) throws(StorageError) -> LogWriter.Placement? in
            do throws(StorageError) {
                return try writer.append(
                    0..<batch.count, of: &changes, producer: producer, time: time)
            } catch {
                guard error.code == .batchTooLarge else { throw error }
                isTooLarge = true
                return nil
            }
        }
        if isTooLarge {
            // No record has more than that beside its instance here.
            try promise(
                bytes + batch.count * 700 > capacity, "a batch of \(bytes) bytes is too large")
        }
        guard let placement = placement ?? nil else { return }
        let first = self.oracle.records.count
        try promise(
            placement.first == Offset(UInt64(first)) && !placement.isRepeated
                && placement.last == Offset(UInt64(first + batch.count - 1)),
            "a batch of \(batch.count) got the place \(placement), expected \(first)")
        self.oracle.append(batch, producer: producer, time: time)
    }

    /// A producer that has not heard of its receipt submits its last batch once more, or an older one.
    private func repeatBatch() throws(Violation) {
        let known = self.oracle.receipts.sorted { $0.key.low < $1.key.low }
        guard !known.isEmpty else { return }
        let (id, receipt) = self.random.pick(known)
        let isOld = receipt.sequence > 1 && self.random.chance(1, in: 4)
        let producer = ProducerIdentity(
            id: id, sequence: isOld ? receipt.sequence - 1 : receipt.sequence)
        let batch = self.workload.batch(&self.random, capacity: 1000)
        var changes = Workload.changes(batch)
        var isTooOld = false
        let placement = try self.call("repeat a batch") {
            (writer) throws(StorageError) -> LogWriter.Placement? in
            do throws(StorageError) {
                return try writer.append(0..<batch.count, of: &changes, producer: producer, time: 0)
            } catch {
                guard error.code == .sequenceTooOld else { throw error }
                isTooOld = true
                return nil
            }
        }
        guard let placement else { return }
        try promise(isTooOld == isOld, "an old batch was not refused, or a new one was")
        guard let placement else { return }
        try promise(
            placement.isRepeated && placement.first == Offset(UInt64(receipt.first))
                && placement.last == Offset(UInt64(receipt.last)),
            "a repeated batch got the place \(placement), expected \(receipt)")
    }

    func publish() throws(Violation) {
        let before = self.oracle.visible
        guard let writer else { return }
        self.trace.note("publish")
        writer.publish()
        try self.oracle.observe(writer.log)
        try promise(
            !self.life.isPoisoned || self.oracle.visible == before,
            "a log that had failed showed records \(before) to \(self.oracle.visible - 1)")
    }

    func commit() throws(Violation) {
        let isDurable = self.options.acknowledgement == .durable
        let isDone: Void? = try self.call("commit") { (writer) throws(StorageError) in
            try writer.write()
            if isDurable { try writer.synchronize() }
        }
        if isDone != nil { try self.publish() }
    }

    private func close() throws(Violation) {
        if self.random.chance(self.manner.faultShare, in: 16) {
            self.disk.armed = self.random.pick([.write, .synchronize])
        }
        let isClosed: Void? = try self.call("close") { (writer) throws(StorageError) in
            try writer.close()
        }
        guard isClosed != nil else {
            self.life.hasFailedToClose = true
            return
        }
        self.expectation.isClosed = true
        try self.restart(power: self.random.chance(1, in: 2))
    }

    // MARK: - Readers

    private func lookAround() throws(Violation) {
        guard let log = self.writer?.log, self.oracle.visible > 0 else { return }
        let visible = self.oracle.visible
        for _ in 0..<3 {
            let offset = self.random.below(visible)
            try self.oracle.see(offset, in: log)
            try self.oracle.checkBatch(of: offset, in: log)
            let group = self.random.pick(Workload.allGroups)
            let limit = self.random.pick([1, 2, 5, 1000])
            try self.oracle.checkPostings(
                of: group, in: log, from: self.random.chance(1, in: 2) ? 0 : offset, limit: limit)
            let others = [group, self.random.pick(Workload.groups(of: group.model))]
            try self.oracle.checkReader(
                of: others, isAll: self.random.chance(1, in: 2), in: log,
                range: self.random.below(visible)..<visible, limit: limit)
            let change = self.oracle.records[offset].change
            let bound = self.random.below(visible + 1)
            try self.oracle.checkInstance(
                model: change.model, key: change.key.text, before: bound, in: log)
            for bound in [visible, bound] {
                try self.oracle.checkMembers(of: group, before: bound, in: log)
            }
            if !self.oracle.tokens.isEmpty {
                let token = self.random.pick(self.oracle.tokens)
                try self.oracle.check(token, in: log)
                try self.oracle.check(token, groups: others, in: log)
            }
        }
        if self.random.chance(1, in: 4) { try self.oracle.checkRemoved(in: log) }
    }

    private func takeToken() throws(Violation) {
        guard let log = self.writer?.log else { return }
        let visible = self.oracle.visible
        let next = self.random.chance(1, in: 2) ? visible : self.random.below(visible + 1)
        guard next >= Int(log.first.rawValue) else { return }
        do throws(StorageError) {
            self.oracle.take(try log.token(at: Offset(UInt64(next))), keptMax: 60)
        } catch {
            throw Violation("no token at \(next): \(error)")
        }
    }

    private func openTwice() throws(Violation) {
        guard self.disk.armed == nil, self.disk.faultsPerThousand == 0, self.disk.diesAt == nil
        else { return }
        self.trace.note("open a second time")
        do throws(StorageError) {
            _ = try Recovery.open(self.directory, options: self.options)
        } catch {
            return try promise(error.code == .locked, "a second opening threw \(error)")
        }
        throw Violation("the log was opened twice")
    }
}
