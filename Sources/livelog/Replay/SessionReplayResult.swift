import Debugging
import WireProtocol

/// What came of a run of recorded sessions, as lines and as objects.
struct SessionReplayResult {
    /// Findings and differences of each kind that are printed.
    private static let shownMax = 100

    let recorded: RecordedSessions
    let findings: [JournalFinding]
    let report: SessionReport
    /// What is different from an earlier run; nil if there was none to compare with.
    let changed: [FrameDifference]?
    let seconds: Double

    /// Whether there is any difference.
    var isDifferent: Bool {
        self.report.differenceCount > 0 || !(self.changed ?? []).isEmpty
    }

    private var unplayed: [UnplayedSubscription] {
        self.recorded.unplayed + self.report.unplayed
    }

    /// How many subscriptions were not run, by the reason.
    private var reasons: [(reason: UnplayedSubscription.Reason, count: Int)] {
        UnplayedSubscription.Reason.allCases.compactMap { reason in
            let count = self.unplayed.count { $0.reason == reason }
            return count == 0 ? nil : (reason, count)
        }
    }

    private var frames: Int { self.report.digests.reduce(0) { $0 + $1.frames } }
    private var deliveries: Int { self.report.digests.reduce(0) { $0 + $1.records } }
    private var byteCount: Int { self.report.digests.reduce(0) { $0 + $1.bytes } }

    // MARK: - Text

    /// For people: a line for each finding and difference, and a summary.
    var lines: [String] {
        var lines = self.findings.prefix(Self.shownMax).map {
            "journal: \($0.file), line \($0.line): \($0.reason)"
        }
        if self.findings.count > Self.shownMax {
            lines.append("journal: \(self.findings.count - Self.shownMax) more lines like that")
        }
        for difference in self.report.differences {
            lines.append(
                "difference: session \(difference.session), subscription \(difference.number), offset \(difference.offset): "
                    + difference.text)
        }
        if self.report.differenceCount > self.report.differences.count {
            let more = self.report.differenceCount - self.report.differences.count
            lines.append("difference: \(more) more like that")
        }
        let changed = self.changed ?? []
        for difference in changed.prefix(Self.shownMax) {
            lines.append(
                "changed: session \(difference.session), subscription \(difference.number): "
                    + Self.text(difference.kind))
        }
        if changed.count > Self.shownMax {
            lines.append("changed: \(changed.count - Self.shownMax) more subscriptions")
        }
        return lines + [self.summary]
    }

    private static func text(_ kind: FrameDifference.Kind) -> String {
        switch kind {
        case .gone: "the earlier run has it, this one has it not"
        case .new: "the earlier run has it not"
        case .frames(let range):
            "the first frame that differs is within offsets \(range.lowerBound) to \(range.upperBound)"
        }
    }

    private var summary: String {
        var text =
            "\(self.recorded.sessionCount) sessions, \(self.report.digests.count) subscriptions run"
        if !self.unplayed.isEmpty {
            let reasons = self.reasons.map { "\($0.count) because \($0.reason.explanation)" }
            text += ", \(self.unplayed.count) not (\(reasons.joined(separator: "; ")))"
        }
        text += "; offsets \(self.report.range.lowerBound) to \(self.report.range.upperBound), "
        text +=
            "\(self.report.recordCount) records, \(self.deliveries) deliveries in \(self.frames) "
        text += "frames, \(byteText(self.byteCount)), \(decimal(self.seconds, digits: 1)) s; "
        text +=
            self.report.differenceCount == 0
            ? "the matcher and the brute-force matcher agree"
            : "\(self.report.differenceCount) DIFFERENCES between the matcher and the brute-force matcher"
        if let changed {
            text +=
                changed.isEmpty
                ? "; the same frames as in the earlier run"
                : "; \(changed.count) subscriptions CHANGED since the earlier run"
        }
        return text
    }

    // MARK: - JSON

    /// For programs: an object for each finding and difference, and one with the summary.
    var objects: [JSONLine] {
        var objects = self.findings.map { finding in
            var json = JSONLine()
            json.add("journal", finding.file)
            json.add("line", finding.line)
            json.add("reason", finding.reason)
            return json
        }
        for difference in self.report.differences {
            var json = JSONLine()
            json.add("difference", "brute-force")
            json.add("session", "\(difference.session)")
            json.add("subscription", difference.number)
            json.add("offset", difference.offset)
            json.add("reason", difference.text)
            objects.append(json)
        }
        for difference in self.changed ?? [] {
            var json = JSONLine()
            json.add("difference", "earlier-run")
            json.add("session", difference.session)
            json.add("subscription", difference.number)
            if case .frames(let range) = difference.kind {
                json.add("from", range.lowerBound)
                json.add("until", range.upperBound)
            }
            json.add("reason", Self.text(difference.kind))
            objects.append(json)
        }
        return objects + [self.summaryObject]
    }

    private var summaryObject: JSONLine {
        var json = JSONLine()
        json.add("summary", true)
        json.add("sessions", self.recorded.sessionCount)
        json.add("subscriptions", self.report.digests.count)
        var unplayed = JSONLine()
        for (reason, count) in self.reasons { unplayed.add(reason.rawValue, count) }
        json.add("notRun", json: unplayed.text.utf8)
        json.add("from", self.report.range.lowerBound)
        json.add("until", self.report.range.upperBound)
        json.add("records", self.report.recordCount)
        json.add("deliveries", self.deliveries)
        json.add("frames", self.frames)
        json.add("bytes", self.byteCount)
        json.add("differences", self.report.differenceCount)
        json.add("changed", self.changed?.count)
        json.add("seconds", self.seconds, digits: 3)
        return json
    }
}
