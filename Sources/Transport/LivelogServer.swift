import Hummingbird
import HummingbirdCore
package import LogStorage
package import Logging
import NIOCore
import NIOPosix
package import Replication
import ServiceLifecycle

/// The edge of the server: listens, serves HTTP, and runs WebSockets on their event loops.
package struct LivelogServer {
    let log: ChangeLog
    let queue: IngressQueue
    private let bell: VisibleBell
    let address: ListenAddress
    let limits: ServerLimits
    private let logger: Logger
    private let appender: ServerOperations.AppenderView
    let access: AccessControl
    let tls: ServerTLS?
    let operationsAddress: ListenAddress?
    private let recorder: SessionRecorder?
    private let phase = ServerPhase()
    private let onListening: @Sendable (Listener, String) -> Void

    /// What listens.
    package enum Listener: Sendable {
        /// For clients.
        case clients
        /// For those who run the server.
        case operations
    }

    /// Creates a server that is not listening yet.
    ///
    /// - Parameters:
    ///   - access: who may do what; may be given other rules while the server runs.
    ///   - tls: encrypts connections, but for those of operations on this machine; nil for none.
    ///   - operations: where `/metrics` is, and `/readyz` with its reasons; nil for the address of clients, if that is on
    ///     loopback.
    ///   - recorder: writes down what chosen sessions do.
    ///   - bell: rings when readers can see more of `log`.
    ///   - isTakingAppends: whether nothing has ended the log's life as a writer; asked by `/readyz`.
    ///   - appendCounters: what the appender has done; asked by `/metrics`.
    ///   - onListening: called with host and port when connections are accepted there.
    package init(
        log: ChangeLog, queue: IngressQueue, bell: VisibleBell, address: ListenAddress,
        limits: ServerLimits, access: AccessControl = AccessControl(), tls: ServerTLS? = nil,
        operations: ListenAddress? = nil, recorder: SessionRecorder? = nil, logger: Logger,
        isTakingAppends: @escaping @Sendable () -> Bool,
        appendCounters: @escaping @Sendable () -> AppendCounters,
        onListening: @escaping @Sendable (Listener, String) -> Void
    ) {
        self.log = log
        self.queue = queue
        self.bell = bell
        self.address = address
        self.tls = tls
        self.operationsAddress = operations
        self.recorder = recorder
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
        let desk = DecisionDesk(self.log, logger: self.logger)
        await desk.become(self.access.rules.decider)
        let hubs = try await EventLoopHubs(
            group: group, log: self.log, bell: self.bell, access: self.access, desk: desk,
            recorder: self.recorder, limits: self.limits, logger: self.logger)
        self.access.observe { rules in
            // Whoever decides now comes before what there is to decide.
            await desk.become(rules.decider)
            await hubs.become(rules.policy)
        }
        let admission = Admission(self.limits.admission)
        let producers = ProducerHub(
            log: self.log, queue: self.queue, access: self.access, admission: admission,
            limits: self.limits, logger: self.logger)
        let operations = ServerOperations(
            phase: self.phase, admission: admission, log: self.log, queue: self.queue,
            limits: self.limits, producers: producers, appender: self.appender,
            recorder: self.recorder)
        let listening = self.listeners(operations, hubs, producers, on: group)
        let services = ServiceGroup(
            configuration: .init(services: listening, logger: self.quietLogger))
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

    /// What accepts connections: of clients, and, if they have an address of their own, of operations.
    private func listeners(
        _ operations: ServerOperations, _ hubs: EventLoopHubs, _ producers: ProducerHub,
        on group: any EventLoopGroup
    ) -> [any Service] {
        let phase = self.phase
        let onListening = self.onListening
        let clients = self.application(
            self.router(operations, hubs).buildResponder(), at: self.address,
            ServerChannel.Shared(
                hubs: hubs, limits: self.limits, producers: producers, operations: operations,
                access: self.access, tls: self.tls, takesWebSockets: true),
            on: group
        ) { address in
            phase.advance(to: .serving)
            onListening(.clients, address)
        }
        guard let address = self.operationsAddress else { return [clients] }
        let router = Router(context: EdgeContext.self, options: .autoGenerateHeadEndpoints)
        if !address.isLoopback {
            router.add(
                middleware: OperatorMiddleware(access: self.access, operations: operations))
        }
        operations.add(to: router, hubs: hubs, as: .operations)
        let others = self.application(
            router.buildResponder(), at: address,
            ServerChannel.Shared(
                hubs: hubs, limits: self.limits, producers: producers, operations: operations,
                access: self.access, tls: address.isLoopback ? nil : self.tls,
                takesWebSockets: false),
            on: group
        ) { onListening(.operations, $0) }
        return [clients, others]
    }

    private func application<Responder: HTTPResponder>(
        _ responder: Responder, at address: ListenAddress, _ shared: ServerChannel.Shared,
        on group: any EventLoopGroup, onListening: @escaping @Sendable (String) -> Void
    ) -> any Service where Responder.Context == EdgeContext {
        let application = Application(
            responder: responder,
            server: HTTPServerBuilder { ServerChannel(responder: $0, shared: shared) },
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: "livelog",
                backlog: self.limits.acceptBacklog,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    self.limits.connectionsMax, logger: self.quietLogger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                onListening("\(ListenAddress(host: address.host, port: port))")
            },
            eventLoopGroupProvider: .shared(group), logger: self.quietLogger)
        return ListeningService(application: application, address: "\(address)")
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

    /// Hummingbird tells of each start of its own; only its warnings are of interest here.
    private var quietLogger: Logger {
        var logger = self.logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
