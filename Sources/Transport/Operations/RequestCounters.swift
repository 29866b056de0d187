import HTTPTypes
import Hummingbird
import Replication
import Synchronization

/// What HTTP requests were answered, and how long that took.
///
/// Threads: any. One lock for each request, held for a few additions.
final class RequestCounters: Sendable {
    /// The requests that are counted together. The route is the server's own pattern, never what a client
    /// sent, so that there are only so many.
    struct Key: Hashable, Comparable, Sendable {
        let route: String
        let method: String
        /// `2xx` and so on.
        let status: String

        static func < (left: Key, right: Key) -> Bool {
            (left.route, left.method, left.status) < (right.route, right.method, right.status)
        }
    }

    private let table = Mutex<[Key: Histogram]>([:])

    /// What was counted, sorted.
    var all: [(key: Key, seconds: Histogram)] {
        self.table.withLock { table in
            table.map { (key: $0.key, seconds: $0.value) }.sorted { $0.key < $1.key }
        }
    }

    /// Counts a request.
    func add(_ key: Key, seconds: Double) {
        self.table.withLock { $0[key, default: .seconds].add(seconds) }
    }
}

/// Counts each request when its response is made, or, of a stream, when it has ended.
struct CountingMiddleware: RouterMiddleware {
    let counters: RequestCounters

    @concurrent func handle(
        _ request: Request, context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let started = ContinuousClock.now
        var response = try await next(request, context)
        let key = RequestCounters.Key(
            route: Self.route(context.endpointPath), method: Self.method(request.method),
            status: "\(response.status.code / 100)xx")
        let counters = self.counters
        guard response.body.contentLength == nil else {
            // Hummingbird writes it at once, and only if nobody wraps it in one write.
            counters.add(key, seconds: (ContinuousClock.now - started) / .seconds(1))
            return response
        }
        let body = response.body
        response.body = ResponseBody { writer in
            defer { counters.add(key, seconds: (ContinuousClock.now - started) / .seconds(1)) }
            try await body.write(writer)
        }
        return response
    }

    /// The pattern that the request matched; `other` if it was none of the server's.
    private static func route(_ path: String?) -> String {
        // What Hummingbird itself finds nothing for is not a path.
        guard let path, path != "/**", path.hasPrefix("/") else { return "other" }
        return path
    }

    private static func method(_ method: HTTPRequest.Method) -> String {
        switch method {
        case .get, .post, .put, .patch, .delete, .head: method.rawValue
        default: "other"
        }
    }
}
