import Debugging
import LogModel
import WireProtocol

/// What a run of `livelog replay` did.
struct ReplaySummary: Sendable {
    /// Refusals that are listed for people.
    private static let refusalsShown = 10

    /// Whether it got to the end.
    let isComplete: Bool
    /// Where it began.
    let first: Offset
    /// What became of the batches.
    let ledger: ReplayLedger
    /// Records that were read and not wanted.
    let unwantedCount: Int
    /// Records that compaction had removed.
    let removedCount: Int
    /// How long it took.
    let seconds: Double

    private var tally: ReplayTally { self.ledger.tally }
    private var rate: Double { Double(self.tally.recordCount) / max(self.seconds, 0.001) }

    /// Lines for people.
    var lines: [String] {
        let tally = self.tally
        var lines = [
            "sent \(count(tally.batchCount, "batch", "batches")), "
                + "\(count(tally.recordCount, "record", "records")), \(byteText(tally.byteCount)) in "
                + "\(decimal(self.seconds, digits: 1)) s (\(decimal(self.rate, digits: 0)) records/s)",
            self.places,
        ]
        if tally.repeatedBatchCount > 0 {
            lines.append(
                "\(count(tally.repeatedBatchCount, "batch was", "batches were")) there already, with "
                    + count(tally.repeatedRecordCount, "record", "records"))
        }
        if let text = Self.text(tally.sending) { lines.append("sent late: \(text)") }
        if let text = Self.text(tally.receipts) { lines.append("acknowledged after due: \(text)") }
        if self.unwantedCount > 0 {
            lines.append("left out: \(count(self.unwantedCount, "record", "records")) not selected")
        }
        if self.removedCount > 0 {
            lines.append(
                "left out: \(count(self.removedCount, "record", "records")) that compaction has removed"
            )
        }
        return lines + self.refusalLines
    }

    private var places: String {
        let next = self.ledger.next
        guard next > self.first, let last = next.previous else {
            let what = self.isComplete ? "nothing to send" : "nothing at the target"
            return "\(what) of what is from offset \(self.first) on"
        }
        let targets = self.tally.stretches.map { "\($0.first) to \($0.last) (epoch \($0.epoch))" }
        let target = targets.isEmpty ? "" : "; at the target \(targets.joined(separator: ", "))"
        return "offsets \(self.first) to \(last) of the log\(target)"
    }

    private var refusalLines: [String] {
        let tally = self.tally
        var lines = tally.refusals.prefix(Self.refusalsShown).map { refusal in
            let place = refusal.offset.map { ", offset \($0)" } ?? ""
            return "refused: the batch of offsets \(refusal.first) to \(refusal.last)\(place): "
                + "\(refusal.reason) (\(refusal.code))"
        }
        if tally.refusedBatchCount > lines.count {
            lines.append("refused: \(tally.refusedBatchCount - lines.count) more")
        }
        if self.ledger.isStopped, tally.behindRefusalCount > 0 {
            lines.append(
                "at the target all the same: \(count(tally.behindRefusalCount, "batch", "batches")) that "
                    + "were on their way behind it")
        }
        if !self.ledger.refused.isEmpty {
            let ranges = self.ledger.refused.prefix(Self.refusalsShown)
                .map { "\($0.lowerBound) to \($0.upperBound)" }
            let more = self.ledger.refused.count > ranges.count ? " and others" : ""
            lines.append(
                "not at the target, although what comes after them is: "
                    + "offsets \(ranges.joined(separator: ", "))\(more)")
        }
        return lines
    }

    /// One JSON object. Times are in seconds; what cannot be said is left out.
    var json: JSONLine {
        let tally = self.tally
        var json = JSONLine()
        json.add("complete", self.isComplete)
        json.add("batches", tally.batchCount)
        json.add("records", tally.recordCount)
        json.add("repeatedBatches", tally.repeatedBatchCount)
        json.add("repeatedRecords", tally.repeatedRecordCount)
        json.add("bytes", tally.byteCount)
        json.add("seconds", self.seconds, digits: 3)
        json.add("recordsPerSecond", self.rate, digits: 1)
        json.add("first", self.first)
        json.add("next", self.ledger.next)
        Self.add("sentLate", tally.sending, to: &json)
        Self.add("acknowledgedAfterDue", tally.receipts, to: &json)
        json.add("notSelected", self.unwantedCount)
        json.add("removed", self.removedCount)
        json.add("refusedBatches", tally.refusedBatchCount)
        json.add(
            "refused",
            tally.refusals.map { refusal in
                var json = JSONLine()
                json.add("first", refusal.first)
                json.add("last", refusal.last)
                json.add("offset", refusal.offset)
                json.add("code", refusal.code)
                json.add("reason", refusal.reason)
                return json
            })
        let missing = self.ledger.refused.map { "[\($0.lowerBound),\($0.upperBound)]" }
        json.add("missing", json: "[\(missing.joined(separator: ","))]".utf8)
        json.add(
            "target",
            tally.stretches.map { stretch in
                var json = JSONLine()
                json.add("epoch", stretch.epoch)
                json.add("first", stretch.first)
                json.add("last", stretch.last)
                return json
            })
        return json
    }

    private static func add(_ name: String, _ lateness: Lateness, to json: inout JSONLine) {
        guard let half = lateness.quantile(0.5), let most = lateness.quantile(0.99) else { return }
        var object = JSONLine()
        object.add("p50", half / .seconds(1), digits: 6)
        object.add("p99", most / .seconds(1), digits: 6)
        object.add("max", lateness.max / .seconds(1), digits: 6)
        json.add(name, json: object.text.utf8)
    }

    private static func text(_ lateness: Lateness) -> String? {
        guard let half = lateness.quantile(0.5), let most = lateness.quantile(0.99) else {
            return nil
        }
        func milliseconds(_ duration: Duration) -> String {
            "\(decimal(duration / .milliseconds(1), digits: 1)) ms"
        }
        return "half at most \(milliseconds(half)), 99 % at most \(milliseconds(most)), "
            + "all at most \(milliseconds(lateness.max))"
    }
}

private func count(_ number: Int, _ one: String, _ many: String) -> String {
    "\(number) \(number == 1 ? one : many)"
}
