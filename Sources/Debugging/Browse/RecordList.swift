import LogModel
import LogStorage

/// A list of records of which a window is known: what the screen shows, and what was on it before.
struct RecordList {
    /// Which records are in a list.
    struct Subject: Hashable {
        /// The instances; nil for all.
        var filter: Filter?
        /// The conditions as somebody typed them.
        var filterText = ""
        /// The key of the only instance, whose history it is; nil for all.
        var key: Text?
    }

    /// Rows that are kept; those that are farthest from the cursor are forgotten, and read again.
    private static let rowMax = 4096

    let subject: Subject
    private(set) var rows: [BrowserRow] = []
    /// The first row on the screen.
    private(set) var top = 0
    /// The row that keys are about.
    private(set) var cursor = 0

    /// Creates a list that is not opened anywhere.
    init(_ subject: Subject) {
        self.subject = subject
    }

    /// The row that keys are about; nil if there is none at all.
    var current: BrowserRow? {
        self.rows.indices.contains(self.cursor) ? self.rows[self.cursor] : nil
    }

    /// A way to read the list's rows in `log`.
    func reader(_ log: ChangeLog, _ damage: BrowserDamage) -> RowReader {
        RowReader(
            log: log,
            selection: RecordSelection(self.subject.filter, key: self.subject.key, in: log),
            isSteps: self.subject.key != nil, damage: damage)
    }

    /// Shows what is from `place` on, with the cursor on the first of it; or, if there is nothing, the last of the list.
    mutating func open(at place: Offset, _ reader: RowReader, height: Int) {
        self.rows = reader.forward(from: place, height)
        (self.top, self.cursor) = (0, 0)
        let isEnd = self.rows.isEmpty
        self.fill(reader, before: place, height)
        if isEnd { self.cursor = max(self.rows.count - 1, 0) }
        self.follow(height)
    }

    /// Goes `count` rows down, as far as there are any.
    mutating func down(_ count: Int, _ reader: RowReader, height: Int) {
        let missing = self.cursor + count + 1 - self.rows.count
        if missing > 0, let last = self.rows.last {
            self.rows += reader.forward(from: last.offset.next, missing)
        }
        self.cursor = max(min(self.cursor + count, self.rows.count - 1), 0)
        self.follow(height)
        let excess = self.rows.count - Self.rowMax
        if excess > 0, self.top >= excess {
            self.rows.removeFirst(excess)
            self.top -= excess
            self.cursor -= excess
        }
    }

    /// Goes `count` rows up, as far as there are any.
    mutating func up(_ count: Int, _ reader: RowReader, height: Int) {
        if self.cursor < count, let first = self.rows.first {
            self.prepend(reader.backward(before: first.offset, count - self.cursor))
        }
        self.cursor = max(self.cursor - count, 0)
        self.follow(height)
        let excess = self.rows.count - max(Self.rowMax, self.top + height)
        if excess > 0 { self.rows.removeLast(excess) }
    }

    /// Goes on with another height.
    mutating func resize(_ reader: RowReader, height: Int) {
        let missing = self.top + height - self.rows.count
        if missing > 0, let last = self.rows.last {
            self.rows += reader.forward(from: last.offset.next, missing)
        }
        if let first = self.rows.first { self.fill(reader, before: first.offset, height) }
        self.follow(height)
    }

    /// Puts rows above, so that the screen is full if there is so much.
    private mutating func fill(_ reader: RowReader, before place: Offset, _ height: Int) {
        let missing = height - self.rows.count
        if missing > 0 { self.prepend(reader.backward(before: place, missing)) }
    }

    private mutating func prepend(_ rows: [BrowserRow]) {
        self.rows = rows + self.rows
        self.top += rows.count
        self.cursor += rows.count
    }

    /// Moves the screen so that the cursor is on it, and no row stays empty that need not.
    private mutating func follow(_ height: Int) {
        let height = max(height, 1)
        self.top = min(self.top, self.cursor)
        self.top = max(self.top, self.cursor - height + 1)
        self.top = max(min(self.top, self.rows.count - height), 0)
    }
}
