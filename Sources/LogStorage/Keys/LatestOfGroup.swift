import LogFormat
package import LogModel

extension ChangeLog {
    /// The offset of the latest visible record below `end` that carries `group`: of an instance that is in it, or with
    /// which one left it. Nil if none was kept.
    ///
    /// Looks at one filter for each segment from the last one down to the one that has it. Throws `corrupt`.
    package func latestRecord(
        of group: GroupKey, before end: Offset
    ) throws(StorageError) -> Offset? {
        let hash = self.hasher.groupHash(group)
        let held = HeldSegments(self)
        let bound = min(end, held.visible)
        for index in (0..<held.count).reversed() where held.base(of: index) < bound {
            let segment = held.segment(at: index)
            var place = try segment.last(
                ofGroup: hash, before: bound, visible: held.visible)
            // Another group can have the same hash: then the one before may be the one.
            while let offset = place {
                let carries = try segment.withRecord(at: offset) { $0.carries(group, hash: hash) }
                if carries == true { return offset }
                place = try segment.last(ofGroup: hash, before: offset, visible: held.visible)
            }
        }
        return nil
    }
}

extension Segment {
    /// The last record below `bound` with the hash of a group; `visible` is the bound of what is visible, not below
    /// `bound`.
    fileprivate func last(
        ofGroup hash: UInt64, before bound: Offset, visible: Offset
    ) throws(StorageError) -> Offset? {
        guard bound > self.base else { return nil }
        switch self.index {
        case .sealed(let index):
            let most = UInt32(clamping: bound.distance(from: self.base) - 1)
            let ordinal = try index.withView(of: self, having: hash) { view -> UInt32? in
                view.postings(of: hash, .group)?.last(atMost: most, in: view.file)
            }
            return (ordinal ?? nil).map { self.base.advanced(by: Int($0)) }
        case .growing(let index):
            var place = index.head(of: hash, visible: visible)
            while let offset = place, offset >= bound {
                let previous = try self.withRecord(at: offset) { record in
                    record.previous(of: hash, from: self.base)
                }
                place = previous ?? nil
            }
            return place
        }
    }
}
