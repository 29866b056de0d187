import HTTPTypes
import Hummingbird
import WireProtocol

extension Router<EdgeContext> {
    /// The methods that the server knows at all; of those that a path does not have it says so.
    static var knownMethods: [HTTPRequest.Method] {
        [.get, .post, .put, .patch, .delete, .options]
    }

    /// Answers the methods that `path` does not have with 405, and says which it has. To be called when those
    /// are added.
    func refuseOthers(
        _ path: RouterPath, than allowed: [HTTPRequest.Method], refusals: RefusalCounters
    ) {
        let names = allowed.flatMap { $0 == .get ? ["GET", "HEAD"] : [$0.rawValue] }
        let list = names.joined(separator: ", ")
        let problem = Problem(
            status: 405, code: "method-not-allowed", title: "Method not allowed",
            detail: "this path has \(list)")
        for method in Self.knownMethods where !allowed.contains(method) {
            self.on(path, method: method) { _, _ in
                refusals.count(problem.code)
                var response = Response(problem)
                response.headers[.allow] = list
                return response
            }
        }
    }
}
