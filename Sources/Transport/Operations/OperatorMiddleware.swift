import Access
import HTTPTypes
import Hummingbird
import WireProtocol

/// Lets in who has an API key with the action `operate`: in front of operations that others than this machine can reach.
struct OperatorMiddleware: RouterMiddleware {
    let access: AccessControl
    let operations: ServerOperations

    @concurrent func handle(
        _ request: Request, context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        do {
            var credentials = try Credentials(request.headers)
            credentials.cookie = nil
            // Who guesses keys here is held up as everywhere.
            let admission = self.operations.admission
            let principal = try await admission.principal(
                of: credentials, at: admission.client(of: context.channel.remoteAddress),
                by: self.access)
            guard principal.grant?.actions.contains(.operate) == true else { throw Self.refusal }
            return try await next(request, context)
        } catch let problem as Problem {
            self.operations.refusals.count(problem.code)
            return Response(problem)
        }
    }

    private static let refusal = Problem(
        status: 401, code: "unauthenticated", title: "Not accepted",
        detail:
            "this needs an API key with the action \"operate\": livelog keys make --action operate")
}
