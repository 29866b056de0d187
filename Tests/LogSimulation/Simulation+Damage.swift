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

    private var segmentPaths: [String] {
        self.disk.listing(of: "/log").filter { $0.hasSuffix(".segment") }.map { "/log/" + $0 }
    }

    private static func base(of path: String) -> Int {
        Int(path.dropFirst("/log/".count).prefix(20)) ?? 0
    }

    /// Where the records below `end` are, which are all whole.
    private func places(below end: Int) -> [Place] {
        let paths = self.segmentPaths
        var places: [Place] = []
        for (index, path) in paths.enumerated() {
            guard let bytes = self.disk.contents(of: path) else { continue }
            let next = index + 1 < paths.count ? Self.base(of: paths[index + 1]) : end
            var offset = Self.base(of: path)
            var position = SegmentHeader.count
            while offset < min(next, end), position + RecordLayout.countMin <= bytes.count {
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
        switch self.random.below(6) {
        case 0:
            guard !self.segmentPaths.isEmpty else { return }
            let path = self.random.pick(self.segmentPaths)
            try self.checkRefusal(
                of: Flip(
                    path: path, position: self.random.below(SegmentHeader.count),
                    bit: self.random.below(8)))
        case 1: self.damageMeta()
        default: try self.damageRecord()
        }
    }

    private func damageRecord() throws(Violation) {
        let floor = self.expectation.floor
        let places = self.places(below: floor)
        guard let last = places.last, last.offset == floor - 1,
            let lastSegment = self.segmentPaths.last
        else { return }
        let vouched = max(self.oracle.records[floor - 1].durable, Self.base(of: lastSegment))
        let wantsVouched = self.random.chance(1, in: 2)
        let choices = places.filter {
            self.oracle.records[$0.offset].fate == .kept
                && (self.expectation.isClosed || ($0.offset < vouched) == wantsVouched)
        }
        guard !choices.isEmpty else { return }
        let place = self.random.pick(choices)
        var flip = self.flip(in: place)
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
        let places = self.places(below: self.oracle.visible).filter {
            self.oracle.records[$0.offset].fate == .kept
        }
        guard !places.isEmpty else { return }
        let place = self.random.pick(places)
        let flip = self.flip(in: place)
        self.apply(flip)
        defer { self.apply(flip) }
        let offset = Offset(UInt64(place.offset))
        do throws(StorageError) {
            guard let extent = log.extent(at: offset) else { throw StorageError(.io, "it is gone") }
            _ = try extent.segment.checkedRecord(at: offset)
        } catch {
            return try promise(error.code == .corrupt, "damage was answered by \(error)")
        }
        throw Violation("a damaged record is served: \(flip)")
    }
}
