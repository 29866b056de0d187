import ArgumentParser
import LogModel
import LogStorage
import WireProtocol

/// `livelog log repair --dry-run`: says what the next opening would do, or what could be saved.
struct LogRepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Say what the next opening would do to a log, or what could be saved of it.",
        discussion: """
            Changes nothing and deletes nothing. While a server works on the directory, what it is \
            just doing looks as if the next opening had to finish it.

            Exit code 0: the log opens. 1: it does not; standard output says what could be saved.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @Option(help: "How to print the plan: text or json, one object a line.")
    var format = OutputFormat.text

    func validate() throws {
        guard self.dryRun else {
            throw ValidationError(
                "Only the dry run exists yet: add --dry-run. Nothing was changed.")
        }
    }

    func run() throws {
        let directory = self.log.directory
        let plan = try self.orFail { () throws(StorageError) in
            try LogInspector(directory).repairPlan()
        }
        switch self.format {
        case .text: self.printText(plan)
        case .json: self.printJSON(plan)
        }
        if plan.refusal != nil { throw ExitCode.failure }
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
