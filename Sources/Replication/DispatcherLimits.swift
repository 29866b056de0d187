extension Dispatcher {
    /// How much one turn of the loop may do before it lets others have the loop, and what sessions may take of it.
    package struct Limits: Sendable {
        /// Records that a turn looks at. Default 2,048.
        package var recordsPerTurnMax = 2048
        /// Bytes of records that a turn puts into frames, up to the end of the batch at hand. Default 256 KiB.
        package var framedByteCountPerTurnMax = 256 << 10
        /// Bytes of records that one batch may put into frames for all audiences. A batch that is larger, or that many
        /// audiences want, is read by each session's own cursor. Default 64 MiB.
        package var framedByteCountPerBatchMax = 64 << 20
        /// Sockets that a turn writes to for audiences. Default 1,024.
        package var writesPerTurnMax = 1024
        /// Sockets that are written to for one audience before another one comes. Default 256.
        package var writesPerAudienceMax = 256
        /// Bytes of chunks that an audience keeps for members that are late; who is later than that reads by
        /// its own cursor. Default 4 MiB.
        package var chunksByteCountMax = 4 << 20
        /// Bytes of chunks that all audiences keep, with which no new records are read until there are fewer: what is
        /// new waits in the log. Default 64 MiB.
        package var allChunksByteCountMax = 64 << 20
        /// Bytes of chunks that a member which is late takes in one write. Default 256 KiB.
        package var takenByteCountMax = 256 << 10
        /// Subscriptions of a session that can share its audience with others. Default 4.
        package var sharedSubscriptionsMax = 4
        /// Calls of ``tellProgress()`` without a word for a live subscription after which it is told that it lives.
        /// Default 2.
        package var quietTicksMax = 2

        /// What catching up may take of a turn, in records and lists of records that are looked at. Default 4,096.
        package var catchUpWorkPerTurnMax = 4096
        /// Bytes that a turn writes for audiences, and as many for lagging sessions. Default 4 MiB.
        package var byteCountPerTurnMax = 4 << 20
        /// Bytes that a lagging session gets in one step, and then up to the end of the batch at hand, or as many
        /// again. Default 256 KiB.
        package var catchUpByteCountMax = 256 << 10
        /// Records and lists of records that a step of a lagging session looks at, about. Default 1,024.
        package var postingsMax = 1024
        /// Postings in growing segments that are kept for other sessions, 8 bytes each. Default 262,144.
        package var cachedPostingsMax = 1 << 18

        /// Records that are looked at to find an instance by another property than its key. Default 64.
        package var lookupsMax = 64

        /// Instances of one snapshot. Default 1,000,000.
        package var snapshotInstancesMax = 1_000_000
        /// Summaries (snapshots and net changes) that are being made at a time; others wait. Each holds up to 200 bytes
        /// for each of its instances. Default 4.
        package var summariesMax = 4
        /// Instances in all summaries that are made and being sent, 16 bytes each, above which no other is begun.
        /// Default 4,000,000.
        package var summaryEntriesMax = 4_000_000
        /// Records by which a snapshot may be older than the log for others to get it too. Default 1,024.
        package var snapshotAgeMax = 1024
        /// Calls of ``tellProgress()`` for which a client may leave a page of a snapshot unread, before it is
        /// closed. Default 12.
        package var unreadSnapshotTicksMax = 12
        /// Calls of ``tellProgress()`` for which a snapshot may be sent while others wait for room, before its reader
        /// is closed. Default 60.
        package var sentSnapshotTicksMax = 60

        /// Bytes of answers that a session gets while its socket cannot take more, before it is closed: whoever
        /// asks on must read. Default 64 KiB.
        package var unreadByteCountMax = 64 << 10

        /// Creates the default limits.
        package init() {}
    }
}
