import LogFormat
import LogModel
import LogStorage
import TestSupport

/// A changed bit of the medium.
struct Flip {
    let path: String
    let position: Int
    let bit: Int
    /// Where the batch of the damaged record begins, and how many records had to be there before.
    var batch = 0
    var floor = 0
}

/// Bits that the medium changes: what was durable is refused, and never cut or served.
extension Simulation {
    private struct Place {
        let offset: Int
        let path: String
        let position: Int
        let count: Int
    }

    private func paths(_ suffix: String) -> [String] {
        self.disk.listing(of: "/log").filter {
            $0.hasSuffix(suffix) && $0.utf8.count == 20 + suffix.utf8.count
                && Self.base(of: "/log/" + $0) >= self.oracle.removal.retainable
        }.map { "/log/" + $0 }
    }

    /// The segments that are certainly read from this form and not from the other one.
    private var segmentPaths: [String] {
        let others = Set(self.paths(".cold").map(Self.base))
        return self.paths(".segment").filter { !others.contains(Self.base(of: $0)) }
    }

    private var coldPaths: [String] {
        let others = Set(self.paths(".segment").map(Self.base))
        return self.paths(".cold").filter { !others.contains(Self.base(of: $0)) }
    }

    /// Where segments begin, ascending.
    var bases: [Int] {
        let names = self.disk.listing(of: "/log").filter {
            $0.hasSuffix(".segment") || $0.hasSuffix(".cold")
        }
        return Set(names.map { Self.base(of: "/log/" + $0) })
            .filter { $0 >= self.oracle.removal.first }.sorted()
    }

    static func base(of path: String) -> Int {
        Int(path.dropFirst("/log/".count).prefix(20)) ?? 0
    }

    /// Where the records below `end` are, which are all whole.
    private func places(below end: Int) -> [Place] {
        let bases = self.bases
        var places: [Place] = []
        for path in self.segmentPaths {
            guard let bytes = self.disk.contents(of: path) else { continue }
            let next = bases.first { $0 > Self.base(of: path) } ?? end
            let recordsEnd = bytes.count - SegmentFooter.count
            var offset = Self.base(of: path)
            var position = SegmentHeader.count
            while offset < min(next, end), position + RecordLayout.countMin <= recordsEnd {
                let count = Int(bytes.span.bytes.loadLittleEndian(position, as: UInt32.self))
                guard count > 0 else { break }
                places.append(Place(offset: offset, path: path, position: position, count: count))
                offset += 1
                position += count
            }
        }
        return places
    }

    private func flip(in place: Place) -> Flip {
        // The numbers of the fixed part are the smaller part of most records, and the more interesting one.
        let size = self.random.chance(1, in: 2) ? min(place.count, 88) : place.count
        return Flip(
            path: place.path, position: place.position + self.random.below(size),
            bit: self.random.below(8))
    }

    private func apply(_ flip: Flip) {
        self.trace.note("flip bit \(flip.bit) of byte \(flip.position) in \(flip.path)")
        self.disk.flip(bit: flip.bit, ofByte: flip.position, in: flip.path)
    }

    // MARK: - Between two processes

    /// Damages something that is durable, and checks that the log says so and changes nothing; or leaves damage
    /// that the log cannot know of for the next opening.
    func damage() throws(Violation) {
        switch self.random.below(10) {
        case 0:
            guard !self.segmentPaths.isEmpty else { return }
            let path = self.random.pick(self.segmentPaths)
            try self.checkRefusal(
                of: Flip(
                    path: path, position: self.random.below(SegmentHeader.count),
                    bit: self.random.below(8)))
        case 1: self.damageMeta()
        case 2, 3: self.damageDerived()
        case 4: self.damageCold()
        default: try self.damageRecord()
        }
    }

    private func damageRecord() throws(Violation) {
        let floor = self.expectation.floor
        let places = self.places(below: floor)
        guard let last = places.last, last.offset == floor - 1,
            let lastSegment = self.segmentPaths.last
        else { return }
        let vouched = max(
            self.oracle.records[floor - 1].durable, Self.base(of: lastSegment),
            self.expectation.notedDurable)
        let wantsVouched = self.random.chance(1, in: 2)
        let choices = places.filter {
            !self.oracle.records[$0.offset].isGone
                && (self.expectation.isClosed || ($0.offset < vouched) == wantsVouched)
        }
        guard !choices.isEmpty else { return }
        let place = self.random.pick(choices)
        var flip = self.flip(in: place)
        if self.isSealed(place.path) {
            self.count("damage to sealed segments")
            self.apply(flip)
            self.expectation.sealedFlip = flip
            return
        }
        if self.expectation.isClosed || wantsVouched { return try self.checkRefusal(of: flip) }
        var first = place.offset
        while !self.oracle.records[first].isFirstOfBatch { first -= 1 }
        flip.batch = first
        flip.floor = floor
        self.apply(flip)
        self.expectation.residual = flip
        self.expectation.floor = min(floor, first)
        if self.expectation.isVisibleAheadOfDurable { self.expectation.epochMayChange = true }
    }

    private func checkRefusal(of flip: Flip) throws(Violation) {
        self.count("damage refused")
        self.apply(flip)
        let before = self.disk.contents(of: flip.path)
        switch self.tryToOpen() {
        case .success: throw Violation("the log opens with durable bytes damaged: \(flip)")
        case .failure(let error):
            try promise(error.code == .corrupt, "damage was answered by \(error.code): \(error)")
        }
        try promise(
            self.disk.contents(of: flip.path) == before, "a refused opening changed \(flip.path)")
        self.apply(flip)
        self.disk.endProcess()
    }

    private func damageMeta() {
        guard let count = self.disk.contents(of: "/log/meta")?.count, count > 0 else { return }
        let flip = Flip(
            path: "/log/meta", position: self.random.below(count), bit: self.random.below(8))
        self.apply(flip)
        self.expectation.metaFlip = flip
        self.expectation.notedDurable = 0
        self.expectation.epochMayChange = true
        self.expectation.isClosed = false
    }

    /// Repairs what the log has refused.
    func undoResidual() {
        guard let flip = self.expectation.residual else { return }
        self.apply(flip)
        self.expectation.residual = nil
        self.expectation.floor = flip.floor
    }

    /// Repairs the file `meta`, of which no page was left.
    func undoMetaFlip() {
        guard let flip = self.expectation.metaFlip else { return }
        self.apply(flip)
        self.expectation.metaFlip = nil
    }

    // MARK: - While the log is open

    /// Damages a record that readers see: it must not be served.
    func damageWhileOpen() throws(Violation) {
        guard let log = self.writer?.log, self.oracle.visible > 0 else { return }
        if self.random.chance(1, in: 2), !self.coldPaths.isEmpty {
            return try self.damageColdWhileOpen(log)
        }
        let places = self.places(below: self.oracle.visible).filter {
            !self.oracle.records[$0.offset].isGone
        }
        guard !places.isEmpty else { return }
        let place = self.random.pick(places)
        let flip = self.flip(in: place)
        self.apply(flip)
        defer { self.apply(flip) }
        let found = self.read(place.offset, in: log)
        try promise(found == .refused, "a damaged record is served, \(found): \(flip)")
    }

    private func damageColdWhileOpen(_ log: ChangeLog) throws(Violation) {
        let path = self.random.pick(self.coldPaths)
        guard let count = self.disk.contents(of: path)?.count else { return }
        let flip = Flip(
            path: path, position: self.random.below(count), bit: self.random.below(8))
        // The index is checked once, before.
        _ = self.read(Self.base(of: path), in: log)
        self.apply(flip)
        defer { self.apply(flip) }
        try self.checkReading(flip, in: log)
    }

    // MARK: - Reading what is damaged

    private enum Reading {
        case right, wrong, refused
    }

    /// Whether the record at `offset`, which is kept, is what it must be.
    private func read(_ offset: Int, in log: ChangeLog) -> Reading {
        var expected = self.oracle.records[offset]
        var reading = Reading.wrong
        do throws(StorageError) {
            let isThere: Void? = try log.withRecord(at: Offset(UInt64(offset))) {
                (record) throws(StorageError) in
                do throws(Violation) {
                    try expected.check(record, at: offset, epoch: expected.epoch)
                    reading = .right
                } catch {
                    reading = .wrong
                }
            }
            if isThere == nil, expected.isGone || self.mayBeGone(offset) { reading = .right }
        } catch {
            reading = error.code == .corrupt ? .refused : .wrong
        }
        return reading
    }

    private func mayBeGone(_ offset: Int) -> Bool {
        self.oracle.records[offset].time < self.oracle.removal.compactable
    }

    /// Reads a segment in which a bit has changed: every record is right or refused.
    func checkReading(_ flip: Flip, in log: ChangeLog) throws(Violation) {
        self.count("segments read with damage")
        let base = Self.base(of: flip.path)
        let bases = self.bases
        let end = bases.first { $0 > base } ?? self.oracle.visible
        guard base >= Int(log.first.rawValue), end <= Int(log.watermarks.visible.rawValue) else {
            return
        }
        var refusedCount = 0
        for offset in base..<end {
            let reading = self.read(offset, in: log)
            try promise(reading != .wrong, "record \(offset) is served wrong: \(flip)")
            if reading == .refused { refusedCount += 1 }
        }
        try promise(
            refusedCount > 0 || !self.segmentPaths.contains(flip.path),
            "no record of a damaged segment is refused: \(flip)")
    }

    func undoSealedFlip() {
        guard let flip = self.expectation.sealedFlip else { return }
        self.apply(flip)
        self.expectation.sealedFlip = nil
    }

    private func isSealed(_ path: String) -> Bool {
        guard let bytes = self.disk.contents(of: path) else { return false }
        let span = bytes.span.bytes
        do throws(FormatError) {
            let header = try SegmentHeader(reading: span)
            _ = try SegmentFooter.facts(
                reading: span.extracting(
                    header.recordsEnd..<header.recordsEnd + SegmentFooter.count),
                header: header)
            return true
        } catch {
            return false
        }
    }

    /// Damages a cold segment, for the next opening or the first reader to notice.
    private func damageCold() {
        guard !self.coldPaths.isEmpty else { return }
        let path = self.random.pick(self.coldPaths)
        guard let count = self.disk.contents(of: path)?.count, count > 0 else { return }
        let flip = Flip(
            path: path, position: self.random.below(count), bit: self.random.below(8))
        self.apply(flip)
        self.expectation.sealedFlip = flip
    }

    /// Damages or removes what can be derived again: an index, a run, a footer. It must make no difference.
    private func damageDerived() {
        let names = self.disk.listing(of: "/log").filter {
            $0.hasSuffix(".index") || $0.hasSuffix(".run")
        }
        let footers = self.segmentPaths.filter(self.isSealed)
        if self.random.chance(1, in: 4), !footers.isEmpty {
            self.count("damaged footers")
            let path = self.random.pick(footers)
            let end = self.disk.contents(of: path)?.count ?? 0
            return self.apply(
                Flip(
                    path: path, position: end - 1 - self.random.below(SegmentFooter.count),
                    bit: self.random.below(8)))
        }
        guard !names.isEmpty else { return }
        self.count("damaged indexes and runs")
        for _ in 0..<self.random.pick([1, 1, 3, 20]) {
            let path = "/log/" + self.random.pick(names)
            if path.hasSuffix("removed.run") { self.oracle.removal.isExact = false }
            guard let count = self.disk.contents(of: path)?.count, count > 0 else { continue }
            if self.random.chance(1, in: 2) {
                self.trace.note("remove \(path)")
                self.disk.erase(path)
            } else {
                self.apply(
                    Flip(
                        path: path, position: self.random.below(count),
                        bit: self.random.below(8)))
            }
        }
    }
}
