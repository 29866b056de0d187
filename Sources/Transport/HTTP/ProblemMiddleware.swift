import HTTPTypes
import Hummingbird
import WireProtocol

/// Answers what a route refuses, by throwing a ``Problem``, with a problem document, and counts it.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = EdgeContext

    let refusals: RefusalCounters

    @concurrent func handle(
        _ request: Request, context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            self.refusals.count(problem.code)
            return Response(problem)
        }
    }
}
