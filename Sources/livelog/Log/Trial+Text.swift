import Access
import Debugging
import LogModel
import WireProtocol

extension SubscriptionTrial {
    /// The trial for people.
    var lines: [String] {
        var lines = [self.range.line]
        guard let plan, let request else {
            return lines + ["refused     " + (self.answer ?? "the server ignores the request")]
        }
        let filter = request.filter
        let words = filter.conditions.isEmpty ? "" : " where \(filter.conditions.words)"
        lines.append("request     \(filter.model)\(words), plan \(plan.rawValue)")
        if self.isAsked {
            lines.append("            the application is asked; all is taken to be allowed")
        }
        lines.append("delivered   " + self.delivered.words)
        if let first, let last { lines.append("            offsets \(first) to \(last)") }
        lines.append("messages    \(self.messageCount), \(byteText(self.messageByteCount))")
        if self.times.peakRate > 0 {
            lines.append(
                "peak        \(self.times.peakRate) records in the second from \(timeText(self.times.peakTime))"
            )
        }
        let share =
            self.lookedAt > 0
            ? " (\(decimal(100 * Double(self.delivered.total) / Double(self.lookedAt), digits: 1)) % delivered)"
            : ""
        lines.append(
            "cost        \(self.lookedAt) of \(self.range.count) records looked at by the index\(share)"
        )
        if !self.times.hours.isEmpty {
            lines.append("by hour       records        bytes")
            lines += self.times.hours.map {
                "\(timeText($0.start).prefix(13))\(padded(String($0.records), 9))\(padded(byteText($0.bytes), 13))"
            }
        }
        return lines
    }

    /// The trial as one JSON object.
    var json: [UInt8] {
        var json = JSONLine()
        self.range.add(to: &json)
        guard let plan, let request else {
            json.add("refused", true)
            json.add("answer", self.answer)
            return json.line
        }
        json.add("refused", false)
        json.add("model", request.filter.model.string)
        json.add("where", strings: request.filter.conditions.map(\.words))
        json.add("plan", plan.rawValue)
        if self.isAsked { json.add("applicationDecides", true) }
        json.add("delivered", json: self.delivered.json.text.utf8)
        json.add("first", self.first)
        json.add("last", self.last)
        json.add("messages", self.messageCount)
        json.add("bytes", self.messageByteCount)
        json.add("lookedAt", self.lookedAt)
        if self.times.peakRate > 0 {
            json.add("peakRate", self.times.peakRate)
            json.add("peakTime", RFC3339.text(ofRecord: self.times.peakTime))
        }
        json.add(
            "hours",
            self.times.hours.map { hour in
                var line = JSONLine()
                line.add("from", RFC3339.text(ofRecord: hour.start))
                line.add("records", hour.records)
                line.add("bytes", hour.bytes)
                return line
            })
        json.add("unreadable", self.damage.count)
        return json.line
    }
}

extension RuleTrial {
    /// The trial for people.
    var lines: [String] {
        var lines = [self.range.line, "read        \(self.recordCount) records"]
        lines += self.grantsFailures.map { "            \($0)" }
        for cell in self.cells {
            lines.append("\(cell.model), \(self.name(cell.principal))")
            lines.append(
                "    would see   \(cell.proposed.words), \(byteText(cell.proposedBytes))")
            lines.append("    sees now    \(cell.present.words), \(byteText(cell.presentBytes))")
            if !cell.differing.isEmpty {
                lines.append("    differs     " + Self.words(cell.differing))
            }
        }
        if self.cells.isEmpty { lines.append("there are no records") }
        lines.append("\(self.differenceCount) differences")
        for difference in self.differences {
            lines.append(
                "\(difference.kind.rawValue) at \(difference.offset): \(difference.model) "
                    + "\(difference.key.json), \(self.name(difference.principal))")
            lines.append("    would be    \(difference.proposed)")
            lines.append("    is now      \(difference.present)")
        }
        if self.differenceCount > self.differences.count {
            lines.append("and \(self.differenceCount - self.differences.count) more (--top)")
        }
        return lines
    }

    private func name(_ principal: Int) -> String {
        self.principals.count == 1
            ? self.principals[principal].words
            : "\(self.principals[principal].words) (\(principal + 1))"
    }

    private static func words(_ differing: [Difference.Kind: Int]) -> String {
        Difference.Kind.allCases.compactMap { kind in
            differing[kind].map { "\($0) \(kind.rawValue)" }
        }.joined(separator: ", ")
    }

    /// The trial as one JSON object.
    var json: [UInt8] {
        var json = JSONLine()
        self.range.add(to: &json)
        json.add("read", self.recordCount)
        json.add("grantsFailures", strings: self.grantsFailures)
        json.add(
            "models",
            self.cells.map { cell in
                var line = JSONLine()
                line.add("model", cell.model.string)
                line.add("principal", cell.principal)
                line.add("who", self.principals[cell.principal].words)
                line.add("proposed", json: cell.proposed.json.text.utf8)
                line.add("proposedBytes", cell.proposedBytes)
                line.add("present", json: cell.present.json.text.utf8)
                line.add("presentBytes", cell.presentBytes)
                for kind in Difference.Kind.allCases {
                    line.add(kind.rawValue, cell.differing[kind] ?? 0)
                }
                return line
            })
        json.add("differences", self.differenceCount)
        json.add(
            "shown",
            self.differences.map { difference in
                var line = JSONLine()
                line.add("kind", difference.kind.rawValue)
                line.add("offset", difference.offset)
                line.add("model", difference.model.string)
                line.add("key", json: difference.key.json.utf8)
                line.add("principal", difference.principal)
                line.add("proposed", difference.proposed)
                line.add("present", difference.present)
                return line
            })
        json.add("unreadable", self.damage.count)
        return json.line
    }
}

extension DeliveryCounts {
    fileprivate var words: String {
        "\(self.total) records: \(self.entered) entered, \(self.updated) updated, \(self.left) left, "
            + "\(self.deleted) deleted"
    }

    fileprivate var json: JSONLine {
        var json = JSONLine()
        json.add("records", self.total)
        json.add("entered", self.entered)
        json.add("updated", self.updated)
        json.add("left", self.left)
        json.add("deleted", self.deleted)
        return json
    }
}

extension TrialRange {
    fileprivate var line: String {
        "range       offsets \(self.start) to \(self.end)"
            + (self.isCut ? "; what was before is not kept any more" : "")
    }

    fileprivate func add(to json: inout JSONLine) {
        json.add("from", self.start)
        json.add("until", self.end)
        json.add("cut", self.isCut)
    }
}

/// `text` with spaces before it, up to `width` characters.
private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
}
