import Access
import HTTPTypes
import Hummingbird
import WireProtocol

/// Decides who a request is of, and whether a page may send it.
struct AccessMiddleware: RouterMiddleware {
    let access: AccessControl

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
        context.principal = try await self.access.principal(of: credentials)
        return try await next(request, context)
    }

    static let notAllowed = Problem(
        status: 403, code: "origin-not-allowed", title: "Not allowed",
        detail: "pages of this origin are not allowed here: add it to the server's origins")
}
