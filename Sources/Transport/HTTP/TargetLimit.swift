import HTTPTypes
import Hummingbird
import HummingbirdCore
import WireProtocol

/// Refuses requests whose target is too long, before anything is made of it.
struct TargetLimit: RouterMiddleware {
    typealias Context = EdgeContext

    /// Bytes of path and query.
    let byteCountMax: Int

    @concurrent func handle(
        _ request: Request, context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        guard request.uri.string.utf8.count <= self.byteCountMax else {
            throw Problem(
                status: 414, code: "target-too-long", title: "Target too long",
                detail: "a request's path and query have at most \(self.byteCountMax) bytes")
        }
        return try await next(request, context)
    }
}
