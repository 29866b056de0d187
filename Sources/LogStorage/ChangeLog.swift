package import LogFormat
package import LogModel

/// A log as readers see it: any thread, any number of cursors, no locks on the way to a record.
///
/// Not here: appending (`LogWriter`), opening (`Recovery`), what happens to old segments (`Maintenance`).
package final class ChangeLog: Sendable {
    /// How far the log has got.
    package let watermarks: Watermarks
    /// The log's name for ever.
    package let identity: LogIdentity
    /// The epoch of new records.
    package let epoch: Epoch
    /// Computes the hashes that this log's records carry.
    package let hasher: GroupHasher
    let segments: SegmentList
    let runs: RunSet

    init(
        watermarks: Watermarks, identity: LogIdentity, epoch: Epoch, hasher: GroupHasher,
        segments: SegmentList, runs: RunSet
    ) {
        self.watermarks = watermarks
        self.identity = identity
        self.epoch = epoch
        self.hasher = hasher
        self.segments = segments
        self.runs = runs
    }

    /// The offset of the first record that is kept.
    package var first: Offset { self.segments.firstHeader?.base ?? .zero }

    /// The segment that holds the visible record `offset`, and the first offset that is not in it or not
    /// visible. Nil if there is no such record yet.
    ///
    /// Throws `retained` if the record is no longer kept.
    package func extent(at offset: Offset) throws(StorageError) -> SegmentExtent? {
        let visible = self.watermarks.visible
        guard offset < visible else { return nil }
        guard let found = self.segments.segment(of: offset) else {
            throw StorageError(
                .retained,
                "offset \(offset) is no longer kept: the log begins at \(self.first); begin anew from a "
                    + "snapshot", offset: offset)
        }
        return SegmentExtent(segment: found.segment, end: min(found.end ?? visible, visible))
    }

    /// Lends the record at `offset` to `body`, after a check of its checksum. Nil if it is not visible yet, or
    /// if compaction has removed it.
    ///
    /// Throws `retained` if it is no longer kept, or `corrupt`.
    package func withRecord<Result>(
        at offset: Offset, _ body: (borrowing RecordView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result? {
        guard let extent = try self.extent(at: offset) else { return nil }
        return try extent.segment.withRecord(at: offset, body)
    }

    /// The token with which a reader that has taken everything below `next` resumes.
    ///
    /// `next` is at most `visible`. Throws `corrupt` if the record before it is damaged, or `retained`.
    package func token(at next: Offset) throws(StorageError) -> ResumeToken {
        if let last = next.previous, last >= self.first,
            let extent = try self.extent(at: last)
        {
            let trace = try extent.segment.trace(of: last)
            return ResumeToken(epoch: extent.segment.epoch, next: next, checksum: trace.checksum)
        }
        // The record before the first one that is kept: its segment's header still knows of it.
        let header = self.segments.firstHeader
        return ResumeToken(
            epoch: header?.previousEpoch ?? self.epoch, next: next,
            checksum: header?.previousChecksum ?? 0)
    }

    /// Why a reader cannot resume from a token.
    package enum ResumeFailure: String, Sendable, CaseIterable {
        /// The records after the token are no longer kept.
        case retained
        /// The token is from another log, or from a part of this log's history that was lost.
        case epoch
        /// The token names a place that this log never had.
        case unknownToken = "unknown-token"

        /// What happened and what to do, for people.
        package var explanation: String {
            switch self {
            case .retained: "the records after this token are no longer kept: begin anew"
            case .epoch: "this token is from another history of the log: begin anew"
            case .unknownToken: "this log never had the place that the token names: begin anew"
            }
        }

        /// The same of one token: also says what it names, and where the log ends that cannot go on from it.
        package func explanation(of token: ResumeToken, end: Offset) -> String {
            "\(self.explanation) (the token is for offset \(token.next), the log ends at offset \(end))"
        }
    }

    /// Whether the log can go on from `token` with the records of the groups with these hashes, or with all
    /// records: nil if so, otherwise why not.
    ///
    /// Below what is retained, or where compaction removed records, that is judged for each group: a reader
    /// from whom nothing was taken can go on.
    package func refusal(of token: ResumeToken, groups hashes: [UInt64]? = nil) -> ResumeFailure? {
        if token.next > self.watermarks.visible {
            return token.epoch == self.epoch ? .unknownToken : .epoch
        }
        if let hashes {
            for hash in hashes where token.next < self.firstAvailable(of: hash) {
                return .retained
            }
        } else if token.next < max(self.first, self.runs.floor) {
            return .retained
        }
        guard let header = self.segments.firstHeader, token.next >= header.base else {
            // The record before the token is gone, and with it what the checksum would prove; but within an
            // epoch no offset is used twice.
            return token.epoch == self.segments.firstHeader?.previousEpoch ? nil : .retained
        }
        guard let own = try? self.token(at: token.next) else { return .unknownToken }
        if own.epoch != token.epoch { return .epoch }
        return own.checksum == token.checksum ? nil : .epoch
    }

    /// The first offset from which on nothing of the group was ever removed. Exact as far as the log
    /// remembers what it removed; otherwise an offset that is not too low.
    package func firstAvailable(of hash: UInt64) -> Offset {
        self.runs.firstAvailable(of: hash)
    }
}
