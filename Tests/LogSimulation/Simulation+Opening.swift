import LogModel
import LogStorage
import TestSupport

/// How a process ends, and how the next one opens the log.
extension Simulation {
    /// Ends the process, and the power if `power` says so.
    func stop(power: Bool) {
        self.count(power ? "losses of power" : "kills")
        self.trace.note(power ? "the power is lost" : "the process is killed")
        if self.writer != nil {
            self.expectation.floor = power ? self.oracle.durable : self.oracle.appended
            self.expectation.isVisibleAheadOfDurable =
                self.life.acknowledgement == .written && !self.expectation.isClosed
            let isDisturbed =
                self.disk.isDead || self.disk.faultCount > self.life.faultCountAtStart
            if self.expectation.isVisibleAheadOfDurable, isDisturbed {
                self.expectation.epochMayChange = true
            }
        }
        self.noteMetaFault()
        if let fault = self.disk.lastFault, fault.kind == .synchronize,
            fault.path.contains(".segment")
        {
            self.expectation.isCacheDoubtful = true
        }
        self.writer = nil
        self.disk.endProcess()
        self.disk.faultsPerThousand = 0
        if power {
            self.expectation.floor = min(self.expectation.floor, self.oracle.durable)
            if self.expectation.isVisibleAheadOfDurable
                || self.disk.hasUnsynchronizedBytes("/log/meta")
            {
                self.expectation.epochMayChange = true
            }
            self.disk.losePower()
        } else if self.life.isEvictable, self.random.chance(1, in: 2) {
            self.evict()
        }
        self.life = Life()
    }

    /// The kernel forgets what a failed sync has left.
    private func evict() {
        self.count("evictions after a failed sync")
        self.trace.note("the cache forgets what was not written")
        self.disk.evict()
        self.expectation.floor = min(self.expectation.floor, self.oracle.durable)
        if self.expectation.isVisibleAheadOfDurable { self.expectation.epochMayChange = true }
    }

    /// Opens the log, again and again until nothing comes between.
    func open() throws(Violation) {
        if self.openingCount > 0, self.random.chance(1, in: 4) { try self.damage() }
        var attempt = 0
        while self.writer == nil {
            attempt += 1
            self.disturb(attempt)
            if self.manner.changesOptions, self.random.chance(1, in: 3) {
                self.options.acknowledgement = self.random.pick([.durable, .written])
                self.options.segmentByteCount = self.random.pick([64, 128]) << 10
                self.options.upkeep = Upkeep(&self.random)
            }
            self.trace.note("open: \(self.options.acknowledgement.rawValue), attempt \(attempt)")
            let faultCount = self.disk.faultCount
            let outcome = self.tryToOpen()
            self.noteMetaFault()
            switch outcome {
            case .success(let (writer, report)): try self.adopt(writer, report, attempt)
            case .failure(let error):
                self.trace.note("  refused: \(error.code), \(error.message)")
                try self.judgeOpening(error, faultCount: faultCount)
            }
        }
    }

    func tryToOpen() -> Result<(LogWriter, RecoveryReport), StorageError> {
        do throws(StorageError) {
            let (writer, report) = try Recovery.open(self.directory, options: self.options)
            return .success((writer, report))
        } catch {
            return .failure(error)
        }
    }

    /// Sometimes an opening does not come to its end.
    private func disturb(_ attempt: Int) {
        self.disk.armed = nil
        self.disk.diesAt = nil
        guard attempt < 8 else { return }
        if self.random.chance(1, in: 3) {
            self.disk.diesAt =
                self.disk.stepCount + 1 + self.random.below(self.random.pick([12, 40]))
        }
        if self.random.chance(self.manner.faultShare, in: 8) {
            self.disk.armed = self.random.pick([
                .synchronize, .synchronize, .write, .synchronizeNames, .read, .rename, .create,
                .remove, .reserve, .map, .names, .open,
            ])
        }
    }

    private func judgeOpening(_ error: StorageError, faultCount: Int) throws(Violation) {
        let newFaults = self.disk.faultCount - faultCount
        self.expectation.isClosed = false
        if self.options.acknowledgement == .written { self.expectation.epochMayChange = true }
        if self.expectation.isCacheDoubtful {
            // It has made the cache forget what was not written, and may not have come to writing it again.
            self.expectation.floor = min(self.expectation.floor, self.oracle.durable)
            if self.expectation.isVisibleAheadOfDurable { self.expectation.epochMayChange = true }
        }
        if self.disk.isDead {
            self.count("deaths while opening")
            return self.stop(power: self.random.chance(1, in: 3))
        }
        switch error.code {
        case .io where newFaults > 0:
            let isEvictable =
                newFaults == 1 && self.disk.lastFault?.kind == .synchronize
                && self.disk.lastFault?.path.hasSuffix(".segment") ?? false
            self.count("faults while opening")
            if self.expectation.isVisibleAheadOfDurable { self.expectation.epochMayChange = true }
            self.stop(power: self.random.chance(1, in: 4))
            if isEvictable, self.random.chance(1, in: 2) { self.evict() }
        case .diskFull where self.disk.freeByteCount < self.options.segmentByteCount:
            self.count("openings of a full disk")
            self.disk.freeByteCount = Self.plenty
            self.stop(power: false)
        case .corrupt where self.expectation.residual != nil:
            self.undoResidual()
            self.stop(power: false)
        case .corrupt where error.path != nil && self.expectation.sealedFlip?.path == error.path:
            self.undoSealedFlip()
            self.stop(power: false)
        case .corrupt where self.expectation.metaFlip != nil && error.path == "/log/meta":
            self.undoMetaFlip()
            self.stop(power: false)
        default: throw Violation("the log does not open: \(error.code), \(error)")
        }
    }

    /// Goes on with a log that opened.
    private func adopt(
        _ writer: LogWriter, _ report: RecoveryReport, _ attempt: Int
    ) throws(Violation) {
        self.openingCount += 1
        self.trace.note(
            "  opened with \(report.end) records\(report.hasNewEpoch ? ", new epoch" : "")")
        self.writer = writer
        self.disk.armed = nil
        self.disk.diesAt = nil
        if report.hasNewEpoch { self.count("new epochs") }
        if report.cutByteCount > 0 { self.count("torn tails") }
        if self.expectation.residual != nil { self.count("damage taken for a torn tail") }
        if self.expectation.residual != nil, !self.expectation.isVisibleAheadOfDurable {
            // The stated risk: what the last commit wrote was taken for a torn tail.
            self.oracle.forgive(from: Int(report.end.rawValue))
        }
        if let flip = self.expectation.sealedFlip {
            try self.checkReading(flip, in: writer.log)
            self.undoSealedFlip()
        }
        let expectation = self.expectation
        self.expectation = Expectation()
        self.expectation.notedDurable = expectation.notedDurable
        self.life = Life()
        self.life.acknowledgement = self.options.acknowledgement
        self.life.faultCountAtStart = self.disk.faultCount
        if expectation.metaFlip != nil { self.oracle.lower(first: Int(writer.log.first.rawValue)) }
        try self.oracle.recover(
            writer.log, report: report, floor: expectation.floor,
            epochMayChange: expectation.epochMayChange, isFirstAttempt: attempt == 1)
    }
}
