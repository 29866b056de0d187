import LogModel
import LogStorage
import TestSupport

extension Upkeep {
    /// A random policy; times are counted by the simulation's clock, which makes small steps.
    init(_ random: inout SeededGenerator) {
        self.init(
            coldAge: random.pick([nil, 0, 100, 1000]),
            retainAge: random.pick([nil, nil, nil, 300, 3000]),
            retainByteCount: random.pick([nil, nil, nil, 200_000, 800_000]),
            compactAge: random.pick([nil, 0, 100, 1000]),
            tombstoneAge: random.pick([0, 100, 1000, .max]))
    }
}

/// What is done to old segments, and what that may do to records.
extension Simulation {
    func maintain() throws(Violation) {
        guard let log = self.writer?.log else { return }
        // What compaction does to records is judged as they are seen, so they are shown before.
        if self.options.upkeep.compactAge != nil { try self.publish() }
        self.clock += Int64(self.random.pick([0, 0, 10, 200]))
        let now = self.clock
        let bases = self.bases
        self.allowRemoval(bases, now: now)
        let done = try self.call("maintain at \(now)") {
            (writer) throws(StorageError) in try writer.maintenance.step(now: now)
        }
        guard let step = done else {
            // What was begun may be noted as removed.
            self.oracle.removal.isExact = false
            if !self.disk.isDead {
                self.count("maintenance that failed")
                try self.oracle.raise(first: Int(log.first.rawValue))
                // It may have failed to tidy up behind itself.
                for offset in self.oracle.removal.first..<self.oracle.visible {
                    try self.oracle.see(offset, in: log)
                }
            }
            return
        }
        guard let step else { return }
        self.trace.note("  \(step)")
        switch step {
        case .reserved: self.count("reserved files")
        case .sealed: self.count("sealed segments")
        case .rebuiltIndex: self.count("rebuilt indexes")
        case .merged: self.count("merged runs")
        case .compressed: self.count("compressed segments")
        case .retained(let first):
            self.count("retained segments")
            try promise(
                bases.count > 1 && Int(first.rawValue) == bases[1] && first == log.first
                    && first == log.watermarks.retained,
                "retention up to \(first), and the log begins at \(log.first)")
            try self.oracle.raise(first: Int(first.rawValue))
        case .compacted(let base, let removedCount):
            self.count("compacted segments")
            try self.checkCompacted(Int(base.rawValue), bases, removedCount, in: log)
        }
    }

    private func checkCompacted(
        _ base: Int, _ bases: [Int], _ removedCount: Int, in log: ChangeLog
    ) throws(Violation) {
        let end = bases.first { $0 > base } ?? self.oracle.visible
        let range = base..<end
        let before = range.count { self.oracle.records[$0].isGone }
        for offset in range { try self.oracle.see(offset, in: log) }
        let after = range.count { self.oracle.records[$0].isGone }
        try promise(
            after - before == removedCount,
            "compaction took \(after - before) records and says \(removedCount)")
    }

    /// Tells the oracle what a step may do before it is taken, because it may be interrupted.
    private func allowRemoval(_ bases: [Int], now: Int64) {
        guard bases.count > 1 else { return }
        let upkeep = self.options.upkeep
        let (first, last) = (bases[1], bases[bases.count - 1])
        let isTooOld = upkeep.retainAge.map {
            now - self.oracle.records[first - 1].time > $0
        }
        let isTooLarge = upkeep.retainByteCount.map { self.fileByteCount > $0 }
        if isTooOld ?? false || isTooLarge ?? false {
            self.oracle.removal.retainable = max(self.oracle.removal.retainable, first)
            self.oracle.removal.triedEnd = max(self.oracle.removal.triedEnd, first)
        }
        guard let age = upkeep.compactAge else { return }
        self.oracle.removal.triedEnd = max(self.oracle.removal.triedEnd, last)
        self.oracle.removal.compactable = max(self.oracle.removal.compactable, now - age)
        if upkeep.tombstoneAge < .max {
            self.oracle.removal.forgettable = max(
                self.oracle.removal.forgettable, now - upkeep.tombstoneAge)
        }
    }

    /// Bytes of all segments; of one that is there twice the larger form counts.
    private var fileByteCount: Int {
        var counts: [Int: Int] = [:]
        for name in self.disk.listing(of: "/log")
        where name.hasSuffix(".segment") || name.hasSuffix(".cold") {
            let base = Self.base(of: "/log/" + name)
            guard base >= self.oracle.removal.first else { continue }
            let count = self.disk.contents(of: "/log/" + name)?.count ?? 0
            counts[base] = max(counts[base] ?? 0, count)
        }
        return counts.values.reduce(0, +)
    }

    func thaw() throws(Violation) {
        guard !self.life.isPoisoned else { return }
        let cold = self.disk.listing(of: "/log").filter { $0.hasSuffix(".cold") }
        guard !cold.isEmpty else { return }
        let base = Self.base(of: "/log/" + self.random.pick(cold))
        let isDone = try self.call("thaw \(base)") { (writer) throws(StorageError) in
            try writer.maintenance.thaw(Offset(UInt64(base)))
        }
        if isDone ?? false { self.count("thawed segments") }
    }

    func noteDurable() throws(Violation) {
        let isDone: Void? = try self.call("note what is durable") {
            (writer) throws(StorageError) in try writer.noteDurable()
        }
        if isDone != nil, self.oracle.durable == self.oracle.records.count {
            self.expectation.notedDurable = self.oracle.durable
        }
    }
}
