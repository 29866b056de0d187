import HTTPTypes
import Hummingbird
import HummingbirdCore
import LogStorage
import NIOCore

/// `GET /livelog.js`: the client for browsers, which is built into the server so that the two fit.
///
/// A page of another origin may load it too: it is no secret, and without it would have to be copied.
struct AssetRoute: Sendable {
    /// The name of the module's version: strong, because the bytes are the same if it is.
    let entityTag: String
    private let body: ByteBuffer

    /// Prepares the module.
    init() {
        let bytes = PackageResources.livelog_js
        let digest = Machine.digest(of: bytes)
        self.entityTag = "\"\(String(digest.high, radix: 16))\(String(digest.low, radix: 16))\""
        self.body = ByteBuffer(bytes: bytes)
    }

    /// Answers with the module, or with 304 if the client has it already.
    func respond(to request: Request) -> Response {
        var headers: HTTPFields = [
            .eTag: self.entityTag, .cacheControl: "no-cache", .accessControlAllowOrigin: "*",
        ]
        if Self.names(self.entityTag, in: request.headers[.ifNoneMatch]) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = "text/javascript; charset=utf-8"
        headers[.xContentTypeOptions] = "nosniff"
        headers[.contentLength] = String(self.body.readableBytes)
        guard request.method != .head else { return Response(status: .ok, headers: headers) }
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: self.body))
    }

    /// Whether `If-None-Match` names the version. The comparison is the weak one (RFC 9110 section 13.1.2).
    private static func names(_ entityTag: String, in header: String?) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",").contains { part in
            var tag = part.drop { $0 == " " || $0 == "\t" }
            while tag.last == " " || tag.last == "\t" { tag.removeLast() }
            if tag == "*" { return true }
            return (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == entityTag
        }
    }
}
