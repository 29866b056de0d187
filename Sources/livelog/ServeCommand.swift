import ArgumentParser
import CBusError
import Glibc
import LogStorage
import Logging
import Replication
import Settings
import Transport
import UnixSignals

/// `livelog serve`: opens a log, or creates it, and serves it until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a log: take changes, give them to subscribers, over HTTP and WebSocket.",
        discussion: """
            Prints "listening on HOST:PORT" when it is ready. SIGTERM or SIGINT lets it drain: sessions are \
            told to go on elsewhere, what is in flight is answered, and the log is closed. A second one \
            ends it at once; what it has acknowledged is in the log all the same. Without --config everybody may read and write \
            everything, and so the server listens on this machine only.
            """)

    @Option(
        help:
            "The directory of the log; created if it does not exist. Default: the configuration's, or livelog-data."
    )
    var data: String?

    @Option(
        help:
            "Where to listen; port 0 takes any that is free. Default: the configuration's, or 127.0.0.1:8080."
    )
    var listen: String?

    @OptionGroup(title: "Access")
    var access: AccessOptions

    @Option(help: "When a change is acknowledged and shown: durable (synced) or written.")
    var ack = Acknowledgement.durable

    @Option(help: "Bytes of a segment file; a multiple of 4096.")
    var segmentBytes = LogOptions().segmentByteCount

    @OptionGroup(title: "Old segments")
    var old: UpkeepOptions

    @OptionGroup(title: "Limits")
    var limits: LimitOptions

    @OptionGroup(title: "Recording")
    var recording: RecordingOptions

    @Option(help: "Seconds over which sessions are told to go when the server stops.")
    var drainSeconds = ServerLimits().drainSeconds

    @Option(help: "How much to say on stderr: debug, info, notice, warning or error.")
    var logLevel = LogLevel.notice

    @Option(help: "How to say it: text, or a JSON object a line.")
    var logFormat = OutputFormat.text

    func validate() throws {
        guard (0...3600).contains(self.drainSeconds) else {
            throw ValidationError("--drain-seconds is from 0 to 3600.")
        }
    }

    func run() async throws {
        guard getenv("SWIFT_DETERMINISTIC_HASHING") == nil else {
            throw ValidationError(
                "SWIFT_DETERMINISTIC_HASHING is set: others could choose names whose hashes collide, and so make the server "
                    + "slow. Unset it.")
        }
        let loaded = try self.access.load()
        guard
            let address = ListenAddress(
                self.listen ?? loaded?.settings.listen ?? "127.0.0.1:8080")
        else { throw ValidationError("--listen is HOST:PORT, for instance 127.0.0.1:8080.") }
        let host = address.host
        let data = self.data ?? loaded?.settings.data ?? "livelog-data"
        let tls = try loaded?.settings.tls.map { try ServerTLS(ServerTLS.Files($0)) }
        try self.access.check(
            host: host, isConfigured: loaded != nil, isEncrypted: tls != nil)
        let operations = try self.access.operations(loaded?.settings, host: host)
        let logger = self.logger()
        self.access.warn(host: host, isConfigured: loaded != nil, logger)
        self.access.keepSecrets(isConfigured: loaded != nil, logger)
        let isLoopback = OriginRules.isLoopback(host)
        var rules = AccessControl.Rules(
            origins: OriginRules(isLoopback: isLoopback, allowsAll: self.access.dev))
        if let loaded {
            rules = try await Configuration.rules(
                loaded.settings, isLoopback: isLoopback, logger: logger)
        }
        let access = AccessControl(rules)
        let configuration = loaded.map {
            Configuration(
                $0.file, naming: $0.files, isLoopback: isLoopback, tls: tls, logger: logger)
        }
        Allocator.keepFreedMemory()
        let files = Machine.raiseFileLimit()
        logger.info(
            "files and sockets that the system allows", metadata: ["files_max": "\(files)"])
        let options = LogOptions(
            acknowledgement: self.ack.option, segmentByteCount: self.segmentBytes,
            upkeep: self.old.upkeep)
        livelog_install_bus_error_handler()
        let opened = try Recovery.open(LogDirectory(data), options: options)
        Self.tell(opened.report, directory: data, logger: logger)

        // Before this a signal ends the process, which an opening survives at any moment.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let log = opened.writer.log
        let bell = VisibleBell()
        var limits = ServerLimits()
        if let loaded { limits.apply(loaded.settings) }
        self.limits.apply(to: &limits)
        limits.drainSeconds = self.drainSeconds
        let appender = try Appender(
            writer: opened.writer, acknowledgement: self.ack.option, limits: limits.ingress,
            bell: bell,
            logger: logger)
        defer { appender.stop() }
        let recorder = try self.recording.recorder(
            of: log, in: LogDirectory(data), logger: logger)
        defer { recorder?.stop() }
        let server = LivelogServer(
            log: log, queue: appender.queue, bell: bell, address: address, limits: limits,
            access: access, tls: tls, operations: operations, recorder: recorder, logger: logger,
            isTakingAppends: { !appender.hasFailed },
            appendCounters: { appender.counters }
        ) { listener, address in
            switch listener {
            case .clients: StandardStream.output.write("listening on \(address)\n")
            case .operations: StandardStream.output.write("operations on \(address)\n")
            }
        }
        try await Self.serve(
            server, until: signals, logger: logger, following: configuration, into: access)
    }

    /// Serves until the first signal, and ends the process at the second one. SIGHUP lets the
    /// configuration be taken again, if there is one.
    private static func serve(
        _ server: LivelogServer, until signals: UnixSignalsSequence, logger: Logger,
        following configuration: Configuration?, into access: AccessControl
    ) async throws {
        let (stop, stopping) = AsyncStream.makeStream(of: Never.self)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try await server.run { for await _ in stop {} }
            }
            if let configuration {
                tasks.addTask { await configuration.follow(into: access) }
            }
            tasks.addTask {
                var isStopping = false
                for await signal in signals {
                    if signal == .sighup {
                        await configuration?.reload(into: access)
                        continue
                    }
                    if isStopping {
                        logger.warning(
                            "ended at once by a second signal", metadata: ["signal": "\(signal)"])
                        // 128 and the signal's number, as shells have it.
                        _exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
                    }
                    isStopping = true
                    logger.notice("stopping", metadata: ["signal": "\(signal)"])
                    stopping.finish()
                }
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func logger() -> Logger {
        var logger =
            switch self.logFormat {
            case .text:
                Logger(label: "livelog", factory: { StreamLogHandler.standardError(label: $0) })
            case .json:
                Logger(
                    label: "livelog",
                    factory: { label in
                        JSONLogHandler(label: label) { StandardStream.error.write($0) }
                    })
            }
        logger.logLevel = self.logLevel.level
        return logger
    }

    /// Says how the log was found.
    private static func tell(_ report: RecoveryReport, directory: String, logger: Logger) {
        if report.isNew {
            logger.notice("created a log", metadata: ["data": "\(directory)"])
            return
        }
        logger.notice(
            "opened the log",
            metadata: [
                "data": "\(directory)", "end": "\(report.end)",
                "segments": "\(report.segmentCount)",
            ])
        if !report.wasClosedCleanly {
            logger.notice(
                "the log was not closed the last time: everything acknowledged is there, what was torn is cut",
                metadata: ["cut_bytes": "\(report.cutByteCount)", "end": "\(report.end)"])
        }
        if report.hasNewEpoch {
            logger.warning(
                "readers may have seen records that were lost: a new epoch begins, and their tokens are refused",
                metadata: ["end": "\(report.end)"])
        }
    }
}

/// ``LogOptions/Acknowledgement`` as an option.
enum Acknowledgement: String, ExpressibleByArgument, CaseIterable {
    case durable, written

    var option: LogOptions.Acknowledgement {
        switch self {
        case .durable: .durable
        case .written: .written
        }
    }
}

/// How much the server says, as an option.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, notice, warning, error

    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}
