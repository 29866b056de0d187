import Access
import HTTPTypes
import Hummingbird
import Replication
import WireProtocol

/// Which path is answered by what.
extension LivelogServer {
    /// What answers clients' requests, and in which order what is before the routes has its say.
    func router(
        _ operations: ServerOperations, _ hubs: EventLoopHubs
    ) -> Router<EdgeContext> {
        let router = Router(context: EdgeContext.self, options: .autoGenerateHeadEndpoints)
        let showsOperations = self.operationsAddress == nil && self.address.isLoopback
        operations.add(to: router, hubs: hubs, as: showsOperations ? .both : .clients)
        router.add(middleware: TargetLimit(byteCountMax: self.limits.targetByteCountMax))
        router.add(
            middleware: PageMiddleware(
                access: self.access, refusals: operations.refusals, isEncrypted: self.tls != nil))
        let admission = operations.admission
        router.add(middleware: AccessMiddleware(access: self.access, admission: admission))
        let changes = ChangesRoute(
            log: self.log, queue: self.queue, access: self.access, admission: admission,
            limits: self.limits)
        let large = LargeResponses(byteCountMax: self.limits.responsesByteCountMax)
        let pool = ReadingPool(
            countMax: self.limits.readsMax,
            countPerClientMax: self.limits.admission.readsPerClientMax)
        let reading = ChangesReadRoute(
            log: self.log, hubs: hubs, access: self.access, admission: admission, pool: pool,
            large: large, limits: self.limits)
        let models = ModelsRoute(
            log: self.log, access: self.access, desk: hubs.desk, pool: pool, large: large,
            limits: self.limits)
        let asset = AssetRoute()
        router.post("/v1/changes") { request, context in
            try await changes.respond(
                to: request, of: context.principal, at: context.client)
        }
        router.get("/v1/changes") { request, context in
            var reading = reading
            reading.pool = pool.reading(
                for: admission.readerKey(context.principal, at: context.client))
            return try await reading.respond(
                to: request, of: context.principal, at: context.client, over: context.channel)
        }
        router.get("/v1/models/**") { request, context in
            var models = models
            models.pool = pool.reading(
                for: admission.readerKey(context.principal, at: context.client))
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
                    throw Handshake.refusal(of: request, by: self.access.rules)
                }
            }
            // A router that has begun with one of its paths does not come back to `**`.
            for path: RouterPath in ["**", "/ws/**", "/api/**", "/api/ws/**"] {
                router.on(path, method: method) { request, _ -> Response in
                    let rules = self.access.rules
                    guard rules.restLive.path(request.uri.path) == nil else {
                        throw Handshake.refusal(of: request, by: rules)
                    }
                    throw Self.unknownPath(request.uri.path)
                }
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
}
