import ArgumentParser
import LogModel
import LogStorage
import WireProtocol

/// `livelog log repair`: makes a log that does not open one that does; or says what that would be.
struct LogRepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Make a log that does not open one that does, with all before the damage.",
        discussion: """
            First copy the whole directory, and look for a copy to restore from: of a log that does not \
            open everything before the first damage is kept, and the rest goes to the folder aside in \
            its directory. Nothing is deleted. Readers that were further are told so.

            With --dry-run it only says what would be done, to a log that opens as well. While a \
            server works on the directory, what it is just doing looks then as if the next opening \
            had to finish it.

            Exit code 0: the log opens. 1: it does not, and with --dry-run standard output says what \
            could be saved.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @Option(help: "How to print the plan: text or json, one object a line.")
    var format = OutputFormat.text

    func run() throws {
        let directory = self.log.directory
        guard self.dryRun else { return try self.mend(directory) }
        let plan = try self.orFail { () throws(StorageError) in
            try LogInspector(directory).repairPlan()
        }
        switch self.format {
        case .text: self.printText(plan)
        case .json: self.printJSON(plan)
        }
        if plan.refusal != nil { throw ExitCode.failure }
    }

    private func mend(_ directory: LogDirectory) throws {
        var repair = LogRepair(directory)
        let plan = try self.orFail { () throws(StorageError) in
            try repair.run(options: LogOptions(upkeep: Upkeep(coldAge: nil)))
        }
        switch self.format {
        case .text:
            if plan.refusal == nil { print("the log opens") }
            for step in plan.steps { print("- done: \(step.text)") }
            if let end = plan.end, end > plan.first {
                print("the log has the offsets \(plan.first) to \(end.rawValue - 1)")
            }
        case .json: self.printJSON(plan)
        }
        MendingReport.say(repair.aside, in: self.log, self.format)
    }

    private func printText(_ plan: RepairPlan) {
        if let refusal = plan.refusal {
            print("the log does not open: \(refusal)")
            print(
                "First copy the whole directory. If there is no copy to restore from, a repair would:"
            )
        } else if plan.steps.isEmpty {
            print("the log opens, and nothing has to be done for it")
        } else {
            print("the log opens; the next opening, and the work after it, would:")
        }
        for step in plan.steps { print("- \(step.text)") }
        guard let end = plan.end, end > plan.first else {
            print(plan.refusal == nil ? "the log has no records" : "nothing would remain")
            return
        }
        print("afterwards the log has the offsets \(plan.first) to \(end.rawValue - 1)")
    }

    private func printJSON(_ plan: RepairPlan) {
        for step in plan.steps {
            var json = JSONLine()
            json.add("step", step.kind.rawValue)
            json.add("file", step.file)
            json.add("byte", step.position)
            json.add("bytes", step.byteCount)
            json.add("offset", step.offset)
            json.add("text", step.text)
            print(json.text)
        }
        var json = JSONLine()
        json.add("opens", plan.refusal == nil)
        json.add("refusal", plan.refusal?.description)
        json.add("first", plan.first)
        json.add("end", plan.end)
        print(json.text)
    }
}
