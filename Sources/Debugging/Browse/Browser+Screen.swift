import LogModel
import LogStorage
import WireProtocol

/// What a browser shows.
extension Browser {
    /// The lines of the screen: as many as it is high, none wider than it is.
    package var screen: [BrowserLine] {
        if self.height == 1 { return [self.statusLine] }
        var lines: [BrowserLine] = []
        if self.height > 2 {
            lines.append(BrowserLine(self.title).filled(to: self.width, .strong))
        }
        lines += self.body
        while lines.count < self.height - 1 { lines.append(BrowserLine()) }
        return lines + [self.statusLine]
    }

    private var title: String {
        switch self.view {
        case .page(let page): return page.title
        case .list(let list):
            guard let key = list.subject.key, let filter = list.subject.filter else {
                return "records of \(self.name)"
            }
            return "history of \(filter.model) \(key)"
        }
    }

    private var body: [BrowserLine] {
        let height = self.bodyHeight
        switch self.view {
        case .page(let page):
            return Array(page.wrapped[page.top...].prefix(height))
        case .list(let list):
            guard !list.rows.isEmpty else {
                return [
                    BrowserLine(
                        list.subject.filter == nil ? "  no records" : "  no record fits the filter",
                        .faint
                    ).cut(to: self.width)
                ]
            }
            let shown = list.rows[list.top...].prefix(height)
            let offsetWidth = shown.map { $0.offset.description.utf8.count }.max() ?? 0
            return shown.indices.map { index in
                list.rows[index].line(
                    width: self.width, offsetWidth: offsetWidth, isSelected: index == list.cursor)
            }
        }
    }

    private var statusLine: BrowserLine {
        if let message, self.prompt == nil {
            return BrowserLine(message).filled(to: self.width, .selected)
        }
        if let prompt { return self.promptLine(prompt) }
        let first = self.log.first
        let end = self.log.watermarks.visible
        var parts: [String] = []
        if let offset = self.offset ?? self.list.current?.offset {
            let share =
                end.distance(from: first) > 1
                ? 100 * Double(max(offset, first).distance(from: first))
                    / Double(end.distance(from: first) - 1) : 100
            parts.append("\(offset)  \(Int(min(share, 100)))% of \(first) to \(end)")
        } else {
            parts.append("\(first) to \(end)")
        }
        if self.damage.count > 0 { parts.append("DAMAGED: \(self.damage.count) (D)") }
        let filter = self.list.subject.filterText
        if !filter.isEmpty { parts.append("/\(filter)") }
        var line = BrowserLine(parts.joined(separator: "  "))
        let hint = "? help  q quit"
        let gap = self.width - line.width - hint.utf8.count
        if gap >= 2 { line.add(String(repeating: " ", count: gap) + hint) }
        return line.filled(to: self.width, .selected)
    }

    /// What is typed, its end if it is long.
    private func promptLine(_ prompt: Prompt) -> BrowserLine {
        var name = prompt.kind == .filter ? "/" : ":"
        if let message { name = "\(message) \(name)" }
        var line = BrowserLine(name)
        if line.width * 2 > self.width, self.message != nil {
            // The message, and where it is about: the text itself can wait for the next key.
            return line.filled(to: self.width, .removed)
        }
        let room = self.width - line.width - 1
        guard room > 0 else { return BrowserLine(prompt.text).filled(to: self.width, .plain) }
        var shown = BrowserLine(prompt.text)
        var text = Substring(prompt.text)
        while shown.width > room, !text.isEmpty {
            text = text.dropFirst(max((text.count - room) / 2, 1))
            shown = BrowserLine(String(text))
        }
        for piece in shown.pieces { line.add(piece.text) }
        line.add(" ", .selected)
        if prompt.text.isEmpty {
            line.add(
                prompt.kind == .filter
                    ? " model, and conditions: todolist.Task list_id=42 done=false"
                    : " an offset, or a time: 2026-11-23T10:00:00Z", .faint)
        }
        return line.cut(to: self.width)
    }

    /// What the help says.
    static var help: [BrowserLine] {
        let keys = [
            ("up down  j k", "a record, or a line"),
            ("PgUp PgDn  b space", "a screen"),
            ("Home End  g G", "the beginning, the end"),
            ("Enter  right", "the whole record, and what it changed"),
            ("n p", "there: the next record of the list, the one before"),
            ("h", "the history of its instance, by what each record changed"),
            ("B", "blame: which record set each property of its instance, as it was then"),
            (
                "/",
                "filter: a model and conditions, as in todolist.Task list_id=42 done=false; nothing for all"
            ),
            (":", "jump to an offset, or a time such as 2026-11-23T10:00:00Z"),
            ("r", "read what was appended since"),
            ("D", "what is damaged"),
            ("Esc  left  backspace", "back, and at last without the filter"),
            ("?", "this"),
            ("q", "quit"),
        ]
        let nameWidth = keys.map { $0.0.utf8.count }.max() ?? 0
        return keys.map { name, text in
            var line = BrowserLine(name, .strong)
            line.add(String(repeating: " ", count: nameWidth - name.utf8.count + 2) + text)
            return line
        }
    }
}

// MARK: - Pages

extension Browser {
    /// Everything about the record at `offset`.
    func lines(ofRecord offset: Offset) throws(StorageError) -> [BrowserLine] {
        guard let record = try RecordFacts(at: offset, in: self.log) else {
            return [BrowserLine("compaction removed it")]
        }
        var lines: [BrowserLine] = []
        func add(_ name: String, _ text: String, _ style: BrowserLine.Style = .plain) {
            var line = BrowserLine(
                name + String(repeating: " ", count: max(10 - name.utf8.count, 1)), .faint)
            line.add(text, style)
            lines.append(line)
        }
        add("action", "\(record.action.name)", record.action.style)
        add("instance", "\(record.model) \(record.key.json)", .strong)
        add("time", RFC3339.text(ofRecord: record.time))
        if let producer = record.producer {
            add(
                "producer",
                "\(producer.id.low.hexadecimal)\(producer.id.high.hexadecimal), sequence \(producer.sequence)"
            )
        }
        let entered = Self.text(of: record.entered)
        let left = Self.text(of: record.left)
        if !entered.isEmpty { add("into", entered) }
        if !left.isEmpty { add("out of", left) }
        lines.append(BrowserLine())
        lines += self.lines(ofChangeBy: record)
        lines.append(BrowserLine())
        lines.append(
            BrowserLine(record.action == .deleted ? "as it was deleted" : "the instance", .strong))
        let properties = Properties(record.instance)
        for name in properties.names {
            var line = BrowserLine("  \(name): ", .faint)
            line.add(BrowserLine.text(properties[name] ?? []))
            lines.append(line)
        }
        if properties.names.isEmpty {
            lines.append(BrowserLine("  " + BrowserLine.text(record.instance)))
        }
        return lines
    }

    /// What `record` changed; damage of the one before it is said there.
    private func lines(ofChangeBy record: RecordFacts) -> [BrowserLine] {
        guard record.previous != nil else {
            return [BrowserLine("the first record of the instance", .strong)]
        }
        do throws(StorageError) {
            guard let previous = try self.log.previousRecord(of: record.offset),
                let before = try RecordFacts(at: previous, in: self.log)
            else {
                return [BrowserLine("the record before it is not kept", .strong)]
            }
            var lines = [BrowserLine("the change since record \(before.offset)", .strong)]
            if record.action == .deleted {
                lines.append(BrowserLine("  the instance is gone", .removed))
                return lines
            }
            for change in record.properties.changes(from: before.properties) {
                var line = BrowserLine("  ")
                line.add(change)
                lines.append(line)
            }
            if lines.count == 1 { lines.append(BrowserLine("  none", .faint)) }
            return lines
        } catch {
            self.damage.add(error)
            return [BrowserLine("the record before it: \(error)", .removed)]
        }
    }

    private static func text(of groups: [GroupKey]) -> String {
        groups.map { "\($0.property)=\($0.value.json)" }.joined(separator: ", ")
    }

    /// Who set what of the instance of `record`, as it was after it.
    func lines(ofBlame record: RecordFacts) throws(StorageError) -> [BrowserLine] {
        let found = try Blame(
            record.key.text, of: record.model, in: self.log, before: record.offset.next)
        guard let blame = found else { return [BrowserLine("the log has no record of it")] }
        var lines: [BrowserLine] = []
        if blame.last.action == .deleted {
            lines.append(
                BrowserLine("it was deleted by record \(blame.last.offset); before that:", .removed)
            )
        }
        for property in blame.lines {
            var line = BrowserLine("\(property.property): ", .strong)
            line.add(BrowserLine.text(property.value))
            lines.append(line)
            var source = BrowserLine(
                "    \(property.record.offset)  \(RFC3339.text(ofRecord: property.record.time))  "
                    + "\(property.record.action.name)", .faint)
            if !property.isExact {
                source.add("  or an earlier one, which is not kept", .faint)
            } else if let before = property.before {
                source.add("  was \(BrowserLine.text(before))", .faint)
            }
            lines.append(source)
        }
        return lines
    }
}
