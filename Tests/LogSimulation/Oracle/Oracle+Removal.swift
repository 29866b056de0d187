import LogFormat
import LogModel
import LogStorage

/// What maintenance may remove, and what it has removed.
extension Oracle {
    struct Removal {
        /// Records below are no longer kept.
        var first = 0
        /// Retention may have raised `first` so far.
        var retainable = 0
        /// Records older than that may have been looked at by compaction.
        var compactable = Int64.min
        /// Deletions older than that may have been forgotten by compaction.
        var forgettable = Int64.min
        /// Segments that end above that were never looked at by retention or compaction.
        var triedEnd = 0
        /// Whether durable records were lost to damage that the log cannot know of.
        var hasForgiven = false
        /// Whether the log must know exactly what it has removed of each group.
        var isExact = true
    }

    /// Notes that records below `first` are gone, as far as that was allowed.
    mutating func raise(first: Int) throws(Violation) {
        let old = self.removal.first
        guard first != old else { return }
        try promise(first > old, "what was below \(old) is back: the log begins at \(first)")
        try promise(
            first <= self.removal.retainable,
            "records \(old) to \(first - 1) were removed, and only those below "
                + "\(self.removal.retainable) may be")
        self.removal.first = first
        for offset in old..<first { self.records[offset].isGone = true }
        self.model.forget(below: first)
        self.forgetReceipts()
    }

    /// Notes that records are back which the names of removed files, not durable yet, and a damaged page of
    /// `meta` have brought back.
    mutating func lower(first: Int) {
        guard first < self.removal.first else { return }
        for offset in first..<self.removal.first { self.records[offset].isGone = false }
        self.removal.first = first
        self.removal.isExact = false
        self.rebuild()
    }

    /// Notes that compaction has taken a record away, and checks that it may.
    mutating func noteRemoved(_ offset: Int) throws(Violation) {
        guard !self.records[offset].isGone else { return }
        let record = self.records[offset]
        try promise(
            record.time < self.removal.compactable, "record \(offset) is gone, and not old enough")
        let isSuperseded = self.records[(offset + 1)...].contains {
            Self.isSameInstance($0, record)
        }
        if !isSuperseded {
            try promise(
                record.change.action == .deleted && record.time < self.removal.forgettable,
                "record \(offset) is gone, the latest of its instance")
            for older in self.removal.first..<offset
            where Self.isSameInstance(self.records[older], record) {
                try promise(
                    self.records[older].isGone,
                    "the deletion \(offset) is forgotten, and not record \(older) before it")
            }
        }
        self.records[offset].isGone = true
        self.forgetReceipts()
    }

    static func isSameInstance(_ one: ExpectedRecord, _ other: ExpectedRecord) -> Bool {
        one.change.key.text == other.change.key.text && one.change.model == other.change.model
    }

    private mutating func forgetReceipts() {
        self.receipts = self.receipts.filter { !self.records[$0.value.first].isGone }
    }

    /// The last record that was removed, of all or of a group; -1 if there is none.
    func lastRemoved(of group: GroupKey? = nil) -> Int {
        self.records.indices.last { offset in
            self.records[offset].isGone && (group.map { self.carries(offset, $0) } ?? true)
        } ?? -1
    }

    /// Whether the log may answer `retained` to a reader at `next` who has lost nothing.
    func isCaution(below next: Int, isOfAll: Bool) -> Bool {
        next < self.removal.triedEnd && (isOfAll || !self.removal.isExact)
    }

    /// Checks what the log says of each group: never too low, and exact if nothing has come between.
    func checkRemoved(in log: ChangeLog) throws(Violation) {
        for group in Workload.allGroups {
            let wanted = self.lastRemoved(of: group) + 1
            let found = Int(log.firstAvailable(of: log.hasher.groupHash(group)).rawValue)
            try promise(
                found == wanted
                    || found > wanted && !self.removal.isExact && found <= self.removal.triedEnd,
                "\(group) is said to be whole from \(found) on, expected \(wanted)")
        }
    }
}
