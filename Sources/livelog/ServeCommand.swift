import ArgumentParser
import CBusError
import LogStorage
import Logging
import Replication
import ServiceLifecycle
import Transport
import UnixSignals

/// `livelog serve`: opens a log, or creates it, and serves it until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a log: take changes over HTTP, give them to subscribers over WebSocket.",
        discussion: """
            Prints "listening on HOST:PORT" when it is ready. Stops on SIGTERM or SIGINT, after what it \
            has acknowledged is on the disk. There is no authentication: listen on loopback, or behind a \
            proxy that decides who may come in.
            """)

    @Option(help: "The directory of the log; created if it does not exist.")
    var data = "livelog-data"

    @Option(help: "Where to listen; port 0 takes any that is free.")
    var listen = "127.0.0.1:8080"

    @Option(help: "When a change is acknowledged and shown: durable (synced) or written.")
    var ack = Acknowledgement.durable

    @Option(help: "Bytes of a segment file; a multiple of 4096.")
    var segmentBytes = LogOptions().segmentByteCount

    @OptionGroup(title: "Old segments")
    var old: UpkeepOptions

    @Option(help: "How much to say on stderr: debug, info, notice, warning or error.")
    var logLevel = LogLevel.notice

    func run() async throws {
        let (host, port) = try Self.split(self.listen)
        var logger = Logger(
            label: "livelog", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = self.logLevel.level
        let files = Machine.raiseFileLimit()
        logger.info("connections and files that the system allows: \(files)")
        let options = LogOptions(
            acknowledgement: self.ack.option, segmentByteCount: self.segmentBytes,
            upkeep: self.old.upkeep)
        livelog_install_bus_error_handler()
        let opened = try Recovery.open(LogDirectory(self.data), options: options)
        Self.tell(opened.report, directory: self.data, logger: logger)

        let log = opened.writer.log
        let bell = VisibleBell()
        let limits = ServerLimits()
        let appender = try Appender(
            writer: opened.writer, acknowledgement: self.ack.option, limits: limits.ingress,
            bell: bell,
            logger: logger)
        defer { appender.stop() }
        let server = LivelogServer(
            log: log, queue: appender.queue, bell: bell, host: host, port: port, limits: limits,
            logger: logger, isTakingAppends: { !appender.hasFailed }
        ) { address in
            StandardStream.output.write("listening on \(address)\n")
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [ServerService(server: server)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    /// Splits `HOST:PORT`; an IPv6 address stands in brackets.
    private static func split(_ address: String) throws -> (host: String, port: Int) {
        guard
            let colon = address.lastIndex(of: ":"),
            let port = Int(address[address.index(after: colon)...]), (0...65535).contains(port),
            colon > address.startIndex
        else {
            throw ValidationError("--listen is HOST:PORT, for instance 127.0.0.1:8080.")
        }
        var host = address[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (String(host), port)
    }

    /// Says how the log was found.
    private static func tell(_ report: RecoveryReport, directory: String, logger: Logger) {
        if report.isNew {
            logger.notice("created a log in \(directory)")
            return
        }
        logger.notice(
            "opened the log in \(directory): it ends at offset \(report.end), in \(report.segmentCount) segments"
        )
        if !report.wasClosedCleanly {
            logger.notice(
                "it was not closed the last time; everything acknowledged is there, \(report.cutByteCount) bytes that were not are cut"
            )
        }
        if report.hasNewEpoch {
            logger.warning(
                "readers may have seen records that were lost: a new epoch begins, and their tokens are refused"
            )
        }
    }
}

/// The server as a part of the process that is started and stopped.
private struct ServerService: Service {
    let server: LivelogServer

    func run() async throws {
        try await self.server.run()
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
