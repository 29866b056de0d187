import ArgumentParser
import LogStorage

/// `livelog log`: what can be done with a log's directory without a server.
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Look at a log's directory; a server may be working on it.",
        subcommands: [
            LogStatCommand.self, LogCatCommand.self, LogBrowseCommand.self, LogGroupsCommand.self,
            LogHistoryCommand.self, LogBlameCommand.self, LogStateCommand.self,
            LogDiffCommand.self, LogBisectCommand.self,
            LogExplainCommand.self, LogWhatIfCommand.self,
            LogExtractCommand.self, LogForkCommand.self,
            LogVerifyCommand.self, LogRepairCommand.self, LogCompactCommand.self,
            LogRebuildIndexCommand.self,
        ])
}

/// The directory that all of them look at.
struct LogDirectoryArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The log's directory.", valueName: "dir"))
    var path: String

    /// The directory.
    var directory: LogDirectory { LogDirectory(self.path) }
}

extension ParsableArguments {
    /// Runs `body`; what it throws is said on standard error, and the command ends with exit code 1.
    func orFail<Result>(_ body: () throws(StorageError) -> Result) throws -> Result {
        do throws(StorageError) {
            return try body()
        } catch {
            Diagnostics.say("\(error)")
            throw ExitCode.failure
        }
    }
}
