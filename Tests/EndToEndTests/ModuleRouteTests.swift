import Foundation
import Testing

/// `GET /livelog.js`: the client for browsers, as it is in the sources.
@Suite struct ModuleRouteTests {
    @Test(.timeLimit(.minutes(2)))
    func theModuleIsServedAndRevalidated() async throws {
        let source = try String(
            contentsOf: Places.repository.appending(path: "Sources/Transport/Assets/livelog.js"),
            encoding: .utf8)
        try await withServer { server in
            let first = try await server.exchange(.get("/livelog.js"))
            #expect(first.status == 200)
            #expect(first.body == source)
            #expect(first.headers["content-type"] == "text/javascript; charset=utf-8")
            #expect(first.headers["access-control-allow-origin"] == "*")
            let tag = try #require(first.headers["etag"])
            #expect(tag.wholeMatch(of: /"[0-9a-f]+"/) != nil)

            for known in [tag, "W/\(tag)", "\"other\" , \(tag)", "*"] {
                var request = RawRequest.get("/livelog.js")
                request.head += "If-None-Match: \(known)\r\n"
                let second = try await server.exchange(request)
                #expect(second.status == 304, "\(known)")
                #expect(second.body.isEmpty && second.headers["etag"] == tag)
            }
            var request = RawRequest.get("/livelog.js")
            request.head += "If-None-Match: \"other\"\r\n"
            #expect(try await server.exchange(request).status == 200)
        }
    }
}
