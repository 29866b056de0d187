import HTTPTypes
import Hummingbird
import LogStorage
import Replication
import WireProtocol

/// What those who run the server see of it: whether it is ready, and its metrics.
///
/// Threads: any.
struct ServerOperations: Sendable {
    /// What the process says that it is.
    static let version = "0.2.0-dev"

    let phase: ServerPhase
    let admission: Admission
    let requests = RequestCounters()
    let connections = ConnectionCounters()
    /// What was refused over HTTP.
    let refusals = RefusalCounters()
    let log: ChangeLog
    let queue: IngressQueue
    let limits: ServerLimits
    let producers: ProducerHub
    let appender: AppenderView
    let recorder: SessionRecorder?
    /// Microseconds since 1970.
    let startTime = Machine.wallClock()

    /// What is to be known of the appender.
    struct AppenderView: Sendable {
        /// Whether nothing has ended the log's life as a writer.
        let isTakingAppends: @Sendable () -> Bool
        let counters: @Sendable () -> AppendCounters
    }

    /// Why the server is not ready, or nil if it is.
    var unreadiness: Problem? {
        switch self.phase.value {
        case .starting:
            return Problem(
                status: 503, code: "starting", title: "Starting",
                detail: "the server does not listen yet", retryAfter: 1)
        case .draining: return Self.draining
        case .serving: break
        }
        guard self.appender.isTakingAppends() else {
            return Problem(
                status: 503, code: "log-failed", title: "The log takes no appends",
                detail: "a write to the log failed; readers go on, appends need a restart")
        }
        return nil
    }

    /// What everything new is answered while the server drains.
    static let draining = Problem(
        status: 503, code: "stopping", title: "Stopping",
        detail: "the server stops and takes nothing new: try another one, or this one again soon",
        retryAfter: 5)

    /// Everything that `/metrics` shows, now.
    func snapshot(of hubs: EventLoopHubs) async -> ServerSnapshot {
        var snapshot = ServerSnapshot()
        snapshot.version = Self.version
        snapshot.isReady = self.unreadiness == nil
        snapshot.startTime = self.startTime
        // The bounds that are lower first: so that they are never above the ones that they follow.
        let marks = self.log.watermarks
        snapshot.retained = marks.retained
        snapshot.visible = marks.visible
        snapshot.durable = marks.durable
        snapshot.appended = marks.appended
        snapshot.volume = self.log.volume
        snapshot.append = self.appender.counters()
        snapshot.ingress = self.queue.usage
        snapshot.ingressLimits = self.queue.limits
        snapshot.requests = self.requests.all
        snapshot.connections = self.connections.all
        snapshot.connectionsMax = self.limits.connectionsMax
        snapshot.producers = self.producers.counters.now
        snapshot.refusals = self.refusals.all
        snapshot.producerRefusals = self.producers.refusals.all
        snapshot.connectionRefusals = self.admission.refusals.all
        snapshot.producersMax = self.limits.producersMax
        snapshot.dispatcher = await hubs.counters()
        snapshot.recording = self.recorder?.counters ?? SessionRecorder.Counters()
        snapshot.decisions = await hubs.desk.counters
        snapshot.questionsWaiting = await hubs.desk.waitingCount
        snapshot.process = ProcessUsage.current()
        return snapshot
    }
}

extension ServerOperations {
    /// Whom a listener is for.
    enum Audience {
        /// Clients, who hear whether the server is there and ready, and nothing else.
        case clients
        /// Those who run the server.
        case operations
        /// Both, on one machine.
        case both
    }

    /// Adds `/healthz`, `/readyz` and `/metrics`, and what must see all requests, before the other routes.
    func add(to router: Router<EdgeContext>, hubs: EventLoopHubs, as audience: Audience) {
        router.add(middleware: CountingMiddleware(counters: self.requests))
        router.add(middleware: ProblemMiddleware(refusals: self.refusals))
        router.add(middleware: DrainingMiddleware(phase: self.phase))
        var paths = [Self.healthPath, Self.readyPath]
        router.get(RouterPath(stringLiteral: Self.healthPath)) { _, _ in
            Response.json(.ok, "text/plain", Array("ok\n".utf8))
        }
        router.get(RouterPath(stringLiteral: Self.readyPath)) { _, _ in
            guard let reason = self.unreadiness else {
                return Response.json(.ok, "text/plain", Array("ready\n".utf8))
            }
            // An answer as good as the other one, and no refusal that would be counted.
            return audience == .clients
                ? Response.json(.serviceUnavailable, "text/plain", Array("not ready\n".utf8))
                : Response(reason)
        }
        if audience != .clients {
            paths.append(Self.metricsPath)
            router.get(RouterPath(stringLiteral: Self.metricsPath)) { _, _ in
                let page = MetricsPage.render(await self.snapshot(of: hubs))
                return Response.json(.ok, PrometheusText.mediaType, Array(page.utf8))
            }
        }
        for path in paths {
            router.refuseOthers(RouterPath(path), than: [.get], refusals: self.refusals)
        }
        guard audience == .operations else { return }
        for method in Router<EdgeContext>.knownMethods {
            router.on("**", method: method) { request, _ -> Response in
                throw Problem(
                    status: 404, code: "unknown-path", title: "Not found",
                    detail: "here are /metrics, /readyz and /healthz")
            }
        }
    }

    static let healthPath = "/healthz"
    static let readyPath = "/readyz"
    static let metricsPath = "/metrics"
}

/// Answers what is new with 503 while the server drains, except to those who watch it.
private struct DrainingMiddleware: RouterMiddleware {
    let phase: ServerPhase

    @concurrent func handle(
        _ request: Request, context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let watched = [
            ServerOperations.healthPath, ServerOperations.readyPath, ServerOperations.metricsPath,
        ]
        guard self.phase.isDraining, !watched.contains(request.uri.path) else {
            return try await next(request, context)
        }
        throw ServerOperations.draining
    }
}
