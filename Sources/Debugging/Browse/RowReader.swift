import LogFormat
import LogModel
import LogStorage
import Matching

/// Finds the rows of a list of records, as many as are asked for, to both sides of a place.
struct RowReader {
    let log: ChangeLog
    let selection: RecordSelection
    /// Whether a row says what changed.
    let isSteps: Bool
    let damage: BrowserDamage

    /// Up to `count` rows from `start` on.
    func forward(from start: Offset, _ count: Int) -> [BrowserRow] {
        let start = max(start, self.log.first)
        return self.rows(in: start..<max(start, self.log.watermarks.visible), first: count)
    }

    /// Up to `count` rows before `end`, ascending. They are looked for in stretches that grow, so that the cost is that of
    /// a few times as many records as lie between.
    ///
    /// Those of one instance name each other.
    func backward(before end: Offset, _ count: Int) -> [BrowserRow] {
        if count > 0, let key = self.selection.key, let filter = self.selection.predicate?.filter,
            let offsets = try? self.log.offsetsDownwards(
                of: key, in: filter.model, from: self.log.first,
                to: min(end, self.log.watermarks.visible), limit: count)
        {
            return offsets.reversed().compactMap { self.row($0) }
        }
        var bound = min(end, self.log.watermarks.visible)
        var stretch = UInt64(max(count, 1))
        var rows: [BrowserRow] = []
        while rows.count < count, bound > self.log.first {
            let start = Offset(
                max(
                    self.log.first.rawValue,
                    bound.rawValue - min(bound.rawValue, stretch)))
            rows = self.rows(in: start..<bound, last: count - rows.count) + rows
            bound = start
            stretch = stretch.multipliedReportingOverflow(by: 4).overflow ? .max : stretch * 4
        }
        return rows
    }

    /// The first rows, or the last, in `range`.
    private func rows(
        in range: Range<Offset>, first: Int = .max, last: Int = .max
    ) -> [BrowserRow] {
        guard !range.isEmpty, first > 0, last > 0 else { return [] }
        let found = FoundDamage()
        var offsets: [Offset] = []
        do {
            try self.selection.forEachRecord(of: self.log, in: range, damage: found.handler) {
                record in
                offsets.append(record.offset)
                // Of many the last are wanted: those before are forgotten now and then.
                if last < .max, offsets.count > 2 * last + 4096 {
                    offsets.removeFirst(offsets.count - last)
                }
                return offsets.count < first
            }
        } catch let error as StorageError {
            found.handler(error)
        } catch {
            // Nothing else is thrown.
        }
        var damaged: [Offset: StorageError] = [:]
        for error in found.all {
            self.damage.add(error)
            // What is searched in the end is not the end of it.
            if let offset = error.offset, range.contains(offset),
                first == .max || offsets.count < first || offset < offsets.last ?? offset
            {
                damaged[offset] = error
            }
        }
        let all = Set(offsets).union(damaged.keys).sorted()
        let wanted = first < .max ? all.prefix(first) : all.suffix(last)
        return wanted.compactMap { offset in
            damaged[offset].map { BrowserRow($0, at: offset) } ?? self.row(offset)
        }
    }

    private func row(_ offset: Offset) -> BrowserRow? {
        do throws(StorageError) {
            guard let record = try RecordFacts(at: offset, in: self.log) else { return nil }
            guard self.isSteps else { return BrowserRow(record, since: nil, isStep: false) }
            var before: RecordFacts?
            if let previous = try? self.log.previousRecord(of: offset) {
                before = try? RecordFacts(at: previous, in: self.log)
            }
            return BrowserRow(record, since: before, isStep: true)
        } catch {
            self.damage.add(error)
            return BrowserRow(error, at: offset)
        }
    }
}
