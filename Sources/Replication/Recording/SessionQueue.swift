import Synchronization

/// Entries of recorded sessions on their way from event loops to the one thread that writes them. Bounded: what finds
/// no room is lost, and whoever takes what there is learns of which sessions.
///
/// Threads: any.
package final class SessionQueue: Sendable {
    /// What was waiting.
    package struct Taken: Hashable, Sendable {
        /// In the order in which they came; those of one session in the order in which they happened.
        package var entries: [SessionEntry] = []
        /// How many came after them and found no room.
        package var lostCount: UInt64 = 0
        /// Whose these were, of sessions whose opening was not among them.
        package var lostSessions: Set<UInt64> = []
        /// Whether nothing comes any more.
        package var isLast = false

        /// Creates what is there when nothing is.
        package init() {}
    }

    private struct State {
        var taken = Taken()
        /// Entries that were taken to be written, and those that are lost.
        var recorded: UInt64 = 0
        var lost: UInt64 = 0
    }

    private let entriesMax: Int
    private let state = Mutex(State())

    /// Creates an empty queue for `entriesMax` entries.
    package init(entriesMax: Int) { self.entriesMax = entriesMax }

    /// Adds an entry, or notes that it is lost. Returns whether whoever takes has to be woken.
    package func add(_ entry: SessionEntry) -> Bool {
        self.state.withLock { state in
            guard state.taken.entries.count < self.entriesMax, !state.taken.isLast else {
                Self.lose(entry, in: &state)
                return false
            }
            state.taken.entries.append(entry)
            return state.taken.entries.count == 1
        }
    }

    /// Takes all there is.
    package func take() -> Taken {
        self.state.withLock { state in
            var next = Taken()
            next.isLast = state.taken.isLast
            swap(&next, &state.taken)
            state.recorded += UInt64(next.entries.count)
            return next
        }
    }

    /// Lets nothing more in.
    package func end() { self.state.withLock { $0.taken.isLast = true } }

    /// Notes that entries that were taken could not be written.
    ///
    /// - Parameter isSaid: whether the journal says so already; otherwise what is taken next does.
    package func noteUnwritten(_ entries: some Sequence<SessionEntry>, isSaid: Bool = false) {
        self.state.withLock { state in
            for entry in entries {
                state.recorded -= 1
                if isSaid { state.lost += 1 } else { Self.lose(entry, in: &state) }
            }
        }
    }

    /// How many were taken and written, and how many are lost.
    package var counts: (recorded: UInt64, lost: UInt64) {
        self.state.withLock { ($0.recorded, $0.lost) }
    }

    private static func lose(_ entry: SessionEntry, in state: inout State) {
        state.lost += 1
        state.taken.lostCount += 1
        // A session that nobody knows of has no gap. The others are at most as many as are open.
        if case .opened = entry.event { return }
        state.taken.lostSessions.insert(entry.session)
    }
}
