import LogFormat
import LogModel
import LogStorage
import WireProtocol

/// The report for people, and for programs.
extension LogReport {
    /// The lines of the text, with at most `limit` segments.
    func lines(segments limit: Int) -> [String] {
        var lines = [
            "log        \(self.identity)",
            "epochs     \(self.epochs.map(\.text).joined(separator: ", "))",
            "offsets    \(self.first) to \(self.end), \(self.recordCount) records",
        ]
        if let firstTime, let lastTime {
            lines.append("time       \(timeText(firstTime)) to \(timeText(lastTime))")
        }
        if let rate {
            lines.append("rate       \(decimal(rate, digits: 1)) records/s on the average")
        }
        lines.append(
            "instances  \(self.totals.keyCount), groups \(self.totals.groupCount), "
                + "producers \(self.totals.producerCount)")
        for state in SegmentSummary.State.allCases {
            let some = self.segments(state)
            guard !some.isEmpty else { continue }
            let bytes = some.reduce(0) { $0 + $1.byteCount }
            var line = "\(padded(state.rawValue, 10)) \(some.count) segments, \(byteText(bytes))"
            if state == .cold, let ratio = self.compressionRatio {
                line += ", compressed \(decimal(ratio, digits: 2)) : 1"
            }
            lines.append(line)
        }
        lines.append("indexes    \(byteText(self.indexByteCount))")
        lines += ["", "models"]
        for model in self.models {
            var line = "  \(model.name): \(model.count) records"
            if let actions = model.actions {
                line +=
                    " (\(actions.created) created, \(actions.updated) updated, "
                    + "\(actions.deleted) deleted)"
            }
            lines.append(line)
        }
        if !self.totals.groups.isEmpty { lines += ["", "largest groups"] }
        for group in self.totals.groups {
            lines.append("  \(group.recordCount) records in \(Self.text(of: group.key))")
        }
        lines += ["", "segments"]
        lines += self.segments.prefix(limit).map(Self.line)
        if self.segments.count > limit {
            lines.append("  and \(self.segments.count - limit) more: --segments lists all")
        }
        return lines
    }

    private static func line(_ segment: SegmentSummary) -> String {
        var line = "  \(padded(segment.file, 28)) \(padded(segment.state.rawValue, 6)) "
        line += "offsets \(segment.base) to \(segment.end), \(segment.recordCount) records, "
        line += byteText(segment.byteCount)
        if let ratio = segment.compressionRatio { line += " (\(decimal(ratio, digits: 2)) : 1)" }
        line += ", index \(segment.indexByteCount.map(byteText) ?? "none")"
        if segment.generation > 0 { line += ", compacted \(segment.generation) times" }
        if let time = segment.firstTime { line += ", from \(timeText(time))" }
        return line
    }

    private static func text(of key: GroupKey) -> String {
        var value: [UInt8] = []
        JSONText.append(scalar: key.value, to: &value)
        return "\(key.model) where \(key.property)=\(String(decoding: value, as: UTF8.self))"
    }

    /// The report as one object, with at most `limit` segments.
    func json(segments limit: Int) -> JSONLine {
        var json = JSONLine()
        json.add(
            "log", self.identity)
        json.add(
            "epochs", json: "[\(self.epochs.map { "\"\($0.text)\"" }.joined(separator: ","))]".utf8)
        json.add("first", self.first)
        json.add("end", self.end)
        json.add("records", self.recordCount)
        json.add("firstTime", self.firstTime)
        json.add("lastTime", self.lastTime)
        json.add("recordsPerSecond", self.rate, digits: 3)
        json.add("instances", self.totals.keyCount)
        json.add("groupCount", self.totals.groupCount)
        json.add("producers", self.totals.producerCount)
        for state in SegmentSummary.State.allCases {
            json.add("\(state.rawValue)Bytes", self.segments(state).reduce(0) { $0 + $1.byteCount })
        }
        json.add("indexBytes", self.indexByteCount)
        json.add("compressionRatio", self.compressionRatio, digits: 3)
        json.add(
            "models",
            self.models.map { model in
                var line = JSONLine()
                line.add("model", model.name.string)
                line.add("records", model.count)
                line.add("created", model.actions?.created)
                line.add("updated", model.actions?.updated)
                line.add("deleted", model.actions?.deleted)
                return line
            })
        json.add(
            "groups",
            self.totals.groups.map { group in
                var value: [UInt8] = []
                JSONText.append(scalar: group.key.value, to: &value)
                var line = JSONLine()
                line.add("model", group.key.model.string)
                line.add("property", group.key.property.string)
                line.add("value", json: value)
                line.add("records", group.recordCount)
                return line
            })
        json.add("segmentCount", self.segments.count)
        json.add("segments", self.segments.prefix(limit).map(Self.json))
        return json
    }

    private static func json(_ segment: SegmentSummary) -> JSONLine {
        var json = JSONLine()
        json.add("file", segment.file)
        json.add("state", segment.state.rawValue)
        json.add("base", segment.base)
        json.add("end", segment.end)
        json.add("epoch", segment.epoch.text)
        json.add("records", segment.recordCount)
        json.add("bytes", segment.byteCount)
        json.add("recordBytes", segment.recordByteCount)
        json.add("indexBytes", segment.indexByteCount)
        json.add("firstTime", segment.firstTime)
        json.add("lastTime", segment.lastTime)
        json.add("compressionRatio", segment.compressionRatio, digits: 3)
        json.add("generation", segment.generation)
        return json
    }
}

/// `text` with spaces up to `width`.
private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
}
