import ArgumentParser
import LogStorage
import Logging
import Replication

/// Which sessions `livelog serve` records, as options.
struct RecordingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Record what these sessions ask and when, in the log's directory, for livelog replay --sessions; nothing \
            of what they are sent: all, a share like 5% or 0.05, or subject=NAME. May be given several times. \
            Default: none.
            """, valueName: "which"))
    var recordSessions: [RecordedShare] = []

    /// Begins the journal in the directory of `log`; nil if no session is to be recorded.
    func recorder(
        of log: ChangeLog, in directory: LogDirectory, logger: Logger
    ) throws(StorageError) -> SessionRecorder? {
        guard !self.recordSessions.isEmpty else { return nil }
        var share = 0.0
        var subjects: Set<String> = []
        for which in self.recordSessions {
            switch which {
            case .share(let other): share = max(share, other)
            case .subject(let name): subjects.insert(name)
            }
        }
        logger.notice(
            "sessions are recorded",
            metadata: ["share": "\(share)", "subjects": "\(subjects.count)"])
        return try SessionRecorder(
            SessionChoice(share: share, subjects: subjects), of: log, in: directory,
            logger: logger)
    }
}

/// Some of the sessions, as an option.
enum RecordedShare: ExpressibleByArgument, Hashable {
    /// From 0 to 1 of all.
    case share(Double)
    /// Those of the principal that is called so.
    case subject(String)

    init?(argument: String) {
        let mark = "subject="
        if argument == "all" {
            self = .share(1)
        } else if argument.hasPrefix(mark), argument.count > mark.count {
            self = .subject(String(argument.dropFirst(mark.count)))
        } else {
            let isPercent = argument.hasSuffix("%")
            let digits = isPercent ? String(argument.dropLast()) : argument
            guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2E }),
                let number = Double(digits)
            else { return nil }
            let share = isPercent ? number / 100 : number
            guard 0...1 ~= share else { return nil }
            self = .share(share)
        }
    }
}
