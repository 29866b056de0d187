import Debugging
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
            var line = "rate       \(decimal(rate, digits: 1)) records/s on the average"
            if let busiest = self.statistics?.busiest {
                line += ", \(busiest.recordCount) in the second from \(timeText(busiest.start)) on"
            }
            lines.append(line)
        }
        if let statistics, statistics.batchCount > 0 {
            let mean = Double(statistics.recordCount) / Double(statistics.batchCount)
            lines.append(
                "batches    \(statistics.batchCount), of \(decimal(mean, digits: 1)) records on the average"
            )
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
            var line = "  \(model.label): \(model.count) records"
            if let counts = model.statistics {
                line +=
                    " (\(counts.created) created, \(counts.updated) updated, "
                    + "\(counts.deleted) deleted), \(byteText(counts.byteCount))"
            }
            lines.append(line)
        }
        if let statistics { lines += ["", "hours"] + Self.hourLines(statistics.hours) }
        if !self.totals.groups.isEmpty { lines += ["", "largest groups"] }
        for (place, group) in self.totals.groups.enumerated() {
            let bytes = self.statistics.map { ", \(byteText($0.groups[place].byteCount))" } ?? ""
            lines.append("  \(group.recordCount) records\(bytes) in \(Self.text(of: group.key))")
        }
        lines += ["", "segments"]
        lines += self.segments.prefix(limit).map(Self.line)
        if self.segments.count > limit {
            lines.append("  and \(self.segments.count - limit) more: --segments lists all")
        }
        return lines
    }

    /// Hours that are printed for people.
    private static let hoursShown = 24

    /// The last hours, with bars that compare them.
    private static func hourLines(_ hours: [LogStatistics.Hour]) -> [String] {
        let shown = hours.suffix(Self.hoursShown)
        let most = shown.map(\.amount.recordCount).max() ?? 1
        var lines: [String] = []
        if hours.count > shown.count {
            lines.append("  \(hours.count - shown.count) earlier ones: --format json has all")
        }
        for hour in shown {
            let bar = String(
                repeating: "#", count: (hour.amount.recordCount * 30 + most - 1) / most)
            lines.append(
                "  \(timeText(hour.start).prefix(13)):00Z  \(padded(bar, 30))  "
                    + "\(hour.amount.recordCount) records, \(byteText(hour.amount.byteCount))")
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
        json.add("log", self.identity)
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
                line.add("model", model.label.string)
                line.add("records", model.count)
                line.add("created", model.statistics?.created)
                line.add("updated", model.statistics?.updated)
                line.add("deleted", model.statistics?.deleted)
                line.add("bytes", model.statistics?.byteCount)
                return line
            })
        if let statistics {
            json.add("batches", statistics.batchCount)
            json.add("busiestSecond", statistics.busiest?.start)
            json.add("busiestSecondRecords", statistics.busiest?.recordCount)
            json.add(
                "hours",
                statistics.hours.map { hour in
                    var line = JSONLine()
                    line.add("start", timeText(hour.start))
                    line.add("records", hour.amount.recordCount)
                    line.add("bytes", hour.amount.byteCount)
                    return line
                })
        }
        json.add(
            "groups",
            self.totals.groups.enumerated().map { place, group in
                var value: [UInt8] = []
                JSONText.append(scalar: group.key.value, to: &value)
                var line = JSONLine()
                line.add("model", group.key.model.string)
                line.add("property", group.key.property.string)
                line.add("value", json: value)
                line.add("records", group.recordCount)
                line.add("bytes", self.statistics?.groups[place].byteCount)
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
