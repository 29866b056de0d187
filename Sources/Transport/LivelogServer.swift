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
    private let appender: ServerOperations.AppenderView
    private let access: AccessControl
    private let phase = ServerPhase()
    private let onListening: @Sendable (String) -> Void

    /// Creates a server that is not listening yet.
    ///
    /// - Parameters:
    ///   - access: who may do what; may be given other rules while the server runs.
    ///   - bell: rings when readers can see more of `log`.
    ///   - isTakingAppends: whether nothing has ended the log's life as a writer; asked by `/readyz`.
    ///   - appendCounters: what the appender has done; asked by `/metrics`.
    ///   - onListening: called with host and port when connections are accepted.
    package init(
        log: ChangeLog, queue: IngressQueue, bell: VisibleBell, host: String, port: Int,
        limits: ServerLimits, access: AccessControl = AccessControl(), logger: Logger,
        isTakingAppends: @escaping @Sendable () -> Bool,
        appendCounters: @escaping @Sendable () -> AppendCounters,
        onListening: @escaping @Sendable (String) -> Void
    ) {
        self.log = log
        self.queue = queue
        self.bell = bell
        self.host = host
        self.port = port
        self.limits = limits
        self.access = access
        self.logger = logger
        self.appender = ServerOperations.AppenderView(
            isTakingAppends: isTakingAppends, counters: appendCounters)
        self.onListening = onListening
    }

    /// Serves until `untilStopped` returns, and then drains: `/readyz` says so, what is new is answered with
    /// 503, sessions are told where they are and closed with 1001, requests and batches in flight are
    /// answered. Returns when nothing more can reach the log.
    package func run(untilStopped: @escaping @Sendable () async -> Void) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let hubs = try await EventLoopHubs(
            group: group, log: self.log, bell: self.bell, limits: self.limits, logger: self.logger)
        self.access.observe { await hubs.become($0) }
        let producers = ProducerHub(
            log: self.log, queue: self.queue, access: self.access, limits: self.limits,
            logger: self.logger)
        let operations = ServerOperations(
            phase: self.phase, log: self.log, queue: self.queue, limits: self.limits,
            producers: producers, appender: self.appender)
        let (limits, host, access) = (self.limits, self.host, self.access)
        let application = Application(
            responder: self.router(operations, hubs).buildResponder(),
            server: HTTPServerBuilder { responder in
                ServerChannel(
                    responder: responder, hubs: hubs, limits: limits, producers: producers,
                    operations: operations, access: access)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: self.port), serverName: "livelog",
                backlog: limits.acceptBacklog,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.connectionsMax, logger: self.quietLogger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                self.phase.advance(to: .serving)
                self.onListening("\(host):\(port)")
            },
            eventLoopGroupProvider: .shared(group), logger: self.quietLogger)
        let service = ListeningService(application: application, address: "\(host):\(self.port)")
        let services = ServiceGroup(
            configuration: .init(services: [service], logger: self.quietLogger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await services.run() }
            tasks.addTask {
                await untilStopped()
                guard !Task.isCancelled else { return }
                await self.drain(hubs)
                await services.triggerGracefulShutdown()
            }
            // Whichever ends first: serving by a failure, or draining, after which serving ends as well.
            defer { tasks.cancelAll() }
            try await tasks.next()
            try await tasks.next()
        }
    }

    private func drain(_ hubs: EventLoopHubs) async {
        self.phase.advance(to: .draining)
        let counters = await hubs.counters()
        self.logger.notice(
            "draining: nothing new is taken, sessions are told to go on elsewhere",
            metadata: [
                "subscriptions": "\(counters.subscriptions)",
                "seconds_max": "\(self.limits.drainSeconds)",
                "visible": "\(self.log.watermarks.visible)",
            ])
        await hubs.drain(seconds: self.limits.drainSeconds, reason: "the server stops")
        hubs.stop()
    }

    private func router(
        _ operations: ServerOperations, _ hubs: EventLoopHubs
    ) -> Router<EdgeContext> {
        let router = Router(context: EdgeContext.self, options: .autoGenerateHeadEndpoints)
        operations.add(to: router, hubs: hubs)
        router.add(middleware: TargetLimit(byteCountMax: self.limits.targetByteCountMax))
        router.add(middleware: AccessMiddleware(access: self.access))
        let changes = ChangesRoute(
            log: self.log, queue: self.queue, access: self.access, limits: self.limits)
        let large = LargeResponses(byteCountMax: self.limits.responsesByteCountMax)
        let pool = ReadingPool(countMax: self.limits.readsMax)
        let reading = ChangesReadRoute(
            log: self.log, hubs: hubs, access: self.access, pool: pool, large: large,
            limits: self.limits)
        let models = ModelsRoute(
            log: self.log, access: self.access, pool: pool, large: large, limits: self.limits)
        let asset = AssetRoute()
        router.post("/v1/changes") { request, context in
            try await changes.respond(to: request, of: context.principal)
        }
        router.get("/v1/changes") { request, context in
            try await reading.respond(to: request, of: context.principal, over: context.channel)
        }
        router.get("/v1/models/**") { request, context in
            guard let response = try await models.respond(to: request, of: context.principal) else {
                throw Self.unknownPath(request.uri.path)
            }
            return response
        }
        router.get("/livelog.js") { request, _ in asset.respond(to: request) }
        let refusals = operations.refusals
        router.refuseOthers("/v1/changes", than: [.get, .post], refusals: refusals)
        router.refuseOthers("/v1/models/**", than: [.get], refusals: refusals)
        router.refuseOthers("/livelog.js", than: [.get], refusals: refusals)
        for method in Router<EdgeContext>.knownMethods {
            for path in Handshake.paths {
                router.on(RouterPath(path), method: method) { request, _ -> Response in
                    throw Handshake.refusal(of: request, by: self.access.rules.origins)
                }
            }
            router.on("**", method: method) { request, _ -> Response in
                throw Self.unknownPath(request.uri.path)
            }
        }
        return router
    }

    private static func unknownPath(_ path: String) -> Problem {
        Problem(
            status: 404, code: "unknown-path", title: "Not found",
            detail:
                "there is nothing at \(path): POST changes to /v1/changes, GET them there and at "
                + "/v1/models/, and open WebSockets at /ws/subscribe/")
    }

    /// Hummingbird tells of each start of its own; only its warnings are of interest here.
    private var quietLogger: Logger {
        var logger = self.logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}

/// Serving as a part that is started and stopped; says in words why it cannot listen.
private struct ListeningService<Wrapped: ApplicationProtocol>: Service {
    let application: Wrapped
    let address: String

    func run() async throws {
        do {
            try await self.application.run()
        } catch let error as IOError {
            throw ListenError(address: self.address, error)
        }
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
