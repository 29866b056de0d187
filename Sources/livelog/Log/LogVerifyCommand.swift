import ArgumentParser
import LogStorage
import WireProtocol

/// `livelog log verify`: checks that every byte of a log is as it was written.
struct LogVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that every byte of a log is as it was written, and change nothing.",
        discussion: """
            Compares all checksums and digests, and what the parts of the log say of each other. That \
            finds what a medium has changed. With --deep it also finds what a faulty program has written: \
            hashes, threads, previous records, memberships, indexes and runs of keys are made again from \
            the records, which takes several times as long.

            Prints a line for each finding and a summary. What a server does to the directory \
            meanwhile is no finding, and neither is a batch that is being written.

            Exit code 0: no damage; notes and derived files that are made again by themselves do not \
            count. 1: damage was found, or the log could not be read.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Flag(help: "Make again what the log derived from the changes, and compare.")
    var deep = false

    @Option(
        help: ArgumentHelp(
            "How many keys --deep remembers at once, about 40 bytes each; if there are more, it goes "
                + "through the log several times.", valueName: "n"))
    var keys = LogVerifier.keyCountDefault

    @Option(help: "How to print findings: text or json, one object a line.")
    var format = OutputFormat.text

    func validate() throws {
        guard self.keys > 0 else { throw ValidationError("--keys is at least 1.") }
    }

    func run() throws {
        var progress = ProgressLine()
        let start = ContinuousClock.now
        let format = self.format
        let verifier = LogVerifier(
            self.log.directory, keyCountMax: self.keys, isDeep: self.deep,
            progress: { now in
                progress.show {
                    let seconds = max((ContinuousClock.now - start) / .seconds(1), 0.001)
                    let rate = Double(now.byteCount) / seconds / 1e6
                    return "\(now.segments) of \(now.segmentCount) segments, "
                        + "\(decimal(rate, digits: 0)) MB/s"
                }
            },
            finding: { finding in
                progress.clear()
                StandardStream.output.write(Self.line(finding, format) + "\n")
            })
        let summary = try self.orFail { () throws(StorageError) in try verifier.verify() }
        progress.clear()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        StandardStream.output.write(Self.line(summary, seconds, format) + "\n")
        if summary.findings[.damage] ?? 0 > 0 { throw ExitCode.failure }
    }

    private static func line(_ finding: Finding, _ format: OutputFormat) -> String {
        guard format == .text else {
            var json = JSONLine()
            json.add("severity", finding.severity.rawValue)
            json.add("file", finding.file)
            json.add("byte", finding.position)
            json.add("offset", finding.offset)
            json.add("reason", finding.reason)
            json.add("advice", finding.advice)
            return json.text
        }
        var text = "\(finding.severity.rawValue): "
        if !finding.file.isEmpty { text += finding.file }
        if let position = finding.position { text += ", byte \(position)" }
        if let offset = finding.offset {
            text += finding.file.isEmpty ? "offset \(offset)" : ", offset \(offset)"
        }
        if !finding.file.isEmpty || finding.offset != nil { text += ": " }
        text += finding.reason
        if !finding.advice.isEmpty { text += ". To do: \(finding.advice)" }
        return text
    }

    private static func line(
        _ summary: LogVerifier.Summary, _ seconds: Double, _ format: OutputFormat
    ) -> String {
        let damage = summary.findings[.damage] ?? 0
        let stale = summary.findings[.staleDerived] ?? 0
        let notes = summary.findings[.note] ?? 0
        let rate = Double(summary.byteCount) / max(seconds, 0.000_001) / 1e6
        guard format == .text else {
            var json = JSONLine()
            json.add("summary", true)
            json.add("damage", damage)
            json.add("staleDerived", stale)
            json.add("notes", notes)
            json.add("first", summary.first)
            json.add("end", summary.end)
            json.add("records", summary.recordCount)
            json.add("segments", summary.segmentCount)
            json.add("bytes", summary.byteCount)
            json.add("passes", summary.passes)
            json.add("seconds", seconds, digits: 3)
            return json.text
        }
        let verdict =
            damage > 0
            ? "DAMAGED: \(damage) findings of damage"
            : stale > 0 ? "fine, with \(stale) derived files to be made again" : "fine"
        return
            "\(verdict); \(notes == 1 ? "1 note" : "\(notes) notes"); offsets \(summary.first) to \(summary.end), "
            + "\(summary.recordCount) records in \(summary.segmentCount) segments, "
            + "\(byteText(summary.byteCount)) in \(decimal(seconds, digits: 1)) s "
            + "(\(decimal(rate, digits: 0)) MB/s)"
    }
}
