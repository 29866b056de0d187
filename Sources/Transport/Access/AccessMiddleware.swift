import Access
import HTTPTypes
import Hummingbird
import WireProtocol

/// Decides who a request is of, whether they have asked too often, and whether a page may send it.
struct AccessMiddleware: RouterMiddleware {
    let access: AccessControl
    let admission: Admission

    private static let forwardedFor = HTTPField.Name("X-Forwarded-For")

    @concurrent func handle(
        _ request: Request, context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let isAllowed = self.access.rules.origins.allows(
            request.headers[.origin], host: request.head.authority)
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
        return try await next(request, context)
    }

    static let notAllowed = Problem(
        status: 403, code: "origin-not-allowed", title: "Not allowed",
        detail: "pages of this origin are not allowed here: add it to the server's origins")
}
