import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import LogStorage
package import Logging
import NIOCore
import NIOPosix
package import Replication
import ServiceLifecycle
import Sessions
import WireProtocol

/// The edge of the server: listens, serves HTTP, and runs WebSockets on their event loops.
package struct LivelogServer {
    private let log: ChangeLog
    private let queue: IngressQueue
    private let bell: VisibleBell
    private let host: String
    private let port: Int
    private let limits: ServerLimits
    private let logger: Logger
    private let isTakingAppends: @Sendable () -> Bool
    private let onListening: @Sendable (String) -> Void

    /// Creates a server that is not listening yet.
    ///
    /// - Parameters:
    ///   - bell: rings when readers can see more of `log`.
    ///   - isTakingAppends: whether nothing has ended the log's life as a writer; asked by `/readyz`.
    ///   - onListening: called with host and port when connections are accepted.
    package init(
        log: ChangeLog, queue: IngressQueue, bell: VisibleBell, host: String, port: Int,
        limits: ServerLimits, logger: Logger, isTakingAppends: @escaping @Sendable () -> Bool,
        onListening: @escaping @Sendable (String) -> Void
    ) {
        self.log = log
        self.queue = queue
        self.bell = bell
        self.host = host
        self.port = port
        self.limits = limits
        self.logger = logger
        self.isTakingAppends = isTakingAppends
        self.onListening = onListening
    }

    /// Serves until it is told to stop; then no more is accepted, and WebSockets are closed with 1001.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let hubs = try await EventLoopHubs(
            group: group, log: self.log, bell: self.bell, limits: self.limits, logger: self.logger)
        let (limits, host) = (self.limits, self.host)
        let application = Application(
            responder: self.router(hubs).buildResponder(),
            server: HTTPServerBuilder { responder in
                ServerChannel(responder: responder, hubs: hubs, limits: limits) { dialect in
                    Session(dialect: dialect, limits: limits.session)
                }
            },
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: self.port), serverName: "livelog",
                backlog: limits.acceptBacklog,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.connectionsMax, logger: self.quietLogger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                self.onListening("\(host):\(port)")
            },
            eventLoopGroupProvider: .shared(group), logger: self.quietLogger)
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: {
                hubs.stop()
            }
        } catch let error as IOError {
            throw ListenError(address: "\(host):\(self.port)", error)
        }
    }

    private func router(_ hubs: EventLoopHubs) -> Router<EdgeContext> {
        let router = Router(context: EdgeContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: TargetLimit(byteCountMax: self.limits.targetByteCountMax))
        let changes = ChangesRoute(queue: self.queue, limits: self.limits)
        router.post("/v1/changes") { request, _ in
            await changes.respond(to: request)
        }
        let pool = ReadingPool(countMax: self.limits.readsMax)
        let reading = ChangesReadRoute(log: self.log, hubs: hubs, pool: pool, limits: self.limits)
        router.get("/v1/changes") { request, context in
            await reading.respond(to: request, on: context.eventLoop)
        }
        let models = ModelsRoute(log: self.log, pool: pool, limits: self.limits)
        router.get("/v1/models/**") { request, _ in
            await models.respond(to: request) ?? Response(Self.unknownPath(request.uri.path))
        }
        router.get("/healthz") { _, _ in Response.json(.ok, "text/plain", Array("ok\n".utf8)) }
        let isTakingAppends = self.isTakingAppends
        router.get("/readyz") { _, _ in
            isTakingAppends()
                ? Response.json(.ok, "text/plain", Array("ready\n".utf8))
                : Response(Self.failed)
        }
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
            router.on("**", method: method) { request, _ in
                Response(Self.unknownPath(request.uri.path))
            }
        }
        return router
    }

    private static let failed = Problem(
        status: 503, code: "log-failed", title: "The log takes no appends",
        detail: "a write to the log failed; readers go on, appends need a restart")

    private static func unknownPath(_ path: String) -> Problem {
        Problem(
            status: 404, code: "unknown-path", title: "Not found",
            detail:
                "there is nothing at \(path): POST changes to /v1/changes, and open WebSockets at "
                + "/ws/subscribe/")
    }

    /// Hummingbird tells of each start of its own; only its warnings are of interest here.
    private var quietLogger: Logger {
        var logger = self.logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}

/// Why no connections can be accepted, in words.
package struct ListenError: Error, CustomStringConvertible {
    /// What is wrong, and what to do about it.
    package let description: String

    init(address: String, _ error: IOError) {
        let reason =
            switch error.errnoCode {
            case EADDRINUSE: "another process listens there: stop it, or listen elsewhere"
            case EACCES: "this user may not listen there: choose a port from 1024"
            case EADDRNOTAVAIL: "this machine does not have that address"
            default: String(cString: strerror(error.errnoCode))
            }
        self.description = "cannot listen on \(address): \(reason)"
    }
}
