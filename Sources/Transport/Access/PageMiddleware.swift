import HTTPTypes
import Hummingbird
import WireProtocol

/// Says to browsers what pages may do with an answer, be it a refusal (Fetch standard, CORS protocol), and what the
/// answer is not: a page, or something to guess the type of.
struct PageMiddleware: RouterMiddleware {
    let access: AccessControl
    let refusals: RefusalCounters
    /// Whether clients are to come by TLS only from now on (RFC 6797).
    let isEncrypted: Bool

    private static let methods = "GET, HEAD, POST"
    private static let headers =
        "authorization, content-type, idempotency-key, last-event-id, livelog-producer, livelog-sequence"

    @concurrent func handle(
        _ request: Request, context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let origin = request.headers[.origin]
        let isAllowed = self.access.rules.origins.allows(origin, host: request.head.authority)
        var response: Response
        if request.method == .options, origin != nil,
            request.headers[.accessControlRequestMethod] != nil
        {
            response = Self.preflight(isAllowed: isAllowed)
        } else {
            do {
                response = try await next(request, context)
            } catch let problem as Problem {
                self.refusals.count(problem.code)
                response = Response(problem)
            }
        }
        self.mark(&response, origin: isAllowed ? origin : nil)
        return response
    }

    private static func preflight(isAllowed: Bool) -> Response {
        guard isAllowed else { return Response(AccessMiddleware.notAllowed) }
        var response = Response(status: .noContent)
        response.headers[.accessControlAllowMethods] = Self.methods
        response.headers[.accessControlAllowHeaders] = Self.headers
        response.headers[.accessControlMaxAge] = "600"
        return response
    }

    private func mark(_ response: inout Response, origin: String?) {
        response.headers[.xContentTypeOptions] = "nosniff"
        if self.isEncrypted { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        // The client library is for the pages of everybody.
        guard response.headers[.accessControlAllowOrigin] == nil else { return }
        if let origin { response.headers[.accessControlAllowOrigin] = origin }
        let vary = response.headers[.vary].map { $0 + ", Origin" } ?? "Origin"
        response.headers[.vary] = vary
        response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
    }
}
