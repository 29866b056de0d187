import HTTPTypes
import Hummingbird
import HummingbirdCore
import LogStorage
import WireProtocol

extension Response {
    /// How long a body may be kept by caches.
    enum Freshness: String {
        /// It will never be another one.
        case immutable = "public, max-age=31536000, immutable"
        /// Ask again each time; with the tag that costs little.
        case changing = "no-cache"
        /// The same, and it is for nobody else.
        case personal = "private, no-cache"
    }

    /// A body that is read, with its tag; or 304 if the client says that it has it. Throws a problem if there is no
    /// room for it.
    static func reading(
        _ body: [UInt8], _ freshness: Freshness, of request: Request, within large: LargeResponses
    ) throws(Problem) -> Response {
        let digest = Machine.digest(of: body)
        let tag = EntityTag(low: digest.low, high: digest.high)
        let headers: HTTPFields = [
            .eTag: tag.text, .cacheControl: freshness.rawValue, .vary: "Accept",
        ]
        if tag.isIn(ifNoneMatch: request.headers[values: .ifNoneMatch]) {
            return Response(status: .notModified, headers: headers)
        }
        var response = Response.json(
            .ok, "application/json", try large.body(body), byteCount: body.count)
        response.headers.append(contentsOf: headers)
        return response
    }
}
