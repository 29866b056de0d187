import Access
import HTTPTypes
import Hummingbird
import WireProtocol

/// Decides who a request is of, whether they have asked too often, and whether a page may send it, and says to browsers what pages may do with the
/// answer (Fetch standard, CORS protocol).
struct AccessMiddleware: RouterMiddleware {
    let access: AccessControl
    let admission: Admission

    private static let forwardedFor = HTTPField.Name("X-Forwarded-For")
    private static let methods = "GET, HEAD, POST"
    private static let headers =
        "authorization, content-type, idempotency-key, last-event-id, livelog-producer, livelog-sequence"

    @concurrent func handle(
        _ request: Request, context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let origin = request.headers[.origin]
        let origins = self.access.rules.origins
        let isAllowed = origins.allows(origin, host: request.head.authority)
        let response: Response
        if request.method == .options, origin != nil,
            request.headers[.accessControlRequestMethod] != nil
        {
            response = Self.preflight(isAllowed: isAllowed)
        } else {
            let changes = request.method != .get && request.method != .head
            guard isAllowed || !changes else { throw Self.notAllowed }
            var context = context
            var credentials = try Credentials(request.headers)
            // A page that is not allowed is nobody: the cookies that its browser adds count for nothing.
            if !isAllowed { credentials.cookie = nil }
            context.client = self.admission.client(
                of: context.channel.remoteAddress,
                forwardedFor: Self.forwardedFor.map { request.headers[values: $0] } ?? [])
            context.principal = try await self.admission.principal(
                of: credentials, at: context.client, by: self.access)
            try self.admission.request(of: context.principal, at: context.client)
            response = try await next(request, context)
        }
        return Self.marked(response, origin: isAllowed ? origin : nil)
    }

    static let notAllowed = Problem(
        status: 403, code: "origin-not-allowed", title: "Not allowed",
        detail: "pages of this origin are not allowed here: add it to the server's origins")

    private static func preflight(isAllowed: Bool) -> Response {
        guard isAllowed else { return Response(Self.notAllowed) }
        var response = Response(status: .noContent)
        response.headers[.accessControlAllowMethods] = Self.methods
        response.headers[.accessControlAllowHeaders] = Self.headers
        response.headers[.accessControlMaxAge] = "600"
        return response
    }

    /// Adds what browsers go by.
    private static func marked(_ response: Response, origin: String?) -> Response {
        var response = response
        response.headers[.xContentTypeOptions] = "nosniff"
        if response.headers[.accessControlAllowOrigin] == nil {
            if let origin { response.headers[.accessControlAllowOrigin] = origin }
            let vary = response.headers[.vary].map { $0 + ", Origin" } ?? "Origin"
            response.headers[.vary] = vary
            response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
        return response
    }
}
