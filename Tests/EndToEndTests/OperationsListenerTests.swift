import Foundation
import Testing

/// Who sees what of a server's operations, by where they come from and what they have.
@Suite struct OperationsListenerTests {
    /// Lets a server that others could reach listen, with a key for operations and one for publishing.
    private func withPorts(
        _ options: [String],
        _ body: (_ clients: String, _ operations: String, _ keys: [String]) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            var keys: [String] = []
            for action in ["operate", "publish"] {
                keys += try await ChildProcess(
                    Places.livelog,
                    [
                        "keys", "make", "--file", directory.appending(path: "keys.jsonl").path,
                        "--label", action, "--action", action,
                    ]
                ).output()
            }
            let file = directory.appending(path: "livelog.yaml")
            try "api_keys: keys.jsonl\nunlisted_models: open\n".write(
                to: file, atomically: true, encoding: .utf8)
            let server = try ChildProcess(
                Places.livelog,
                ["serve", "--data", directory.path + "/data", "--config", file.path] + options)
            var ports: [String: String] = [:]
            while ports["listening"] == nil || ports["operations"] == nil {
                let line = try await server.line { $0.contains(" on ") }
                let words = line.split(separator: " ")
                ports[String(words[0])] = line.split(separator: ":").last.map(String.init)
            }
            try await body(ports["listening"] ?? "", ports["operations"] ?? "", keys)
            await server.kill()
        }
    }

    private func status(_ port: String, _ path: String, _ key: String? = nil) async throws -> String
    {
        let header = key.map { "--header 'Authorization: Bearer \($0)'" } ?? ""
        return try await ChildProcess.shell(
            """
            curl --silent --output /dev/null --write-out '%{http_code} %header{access-control-allow-origin}' \
            --header 'Origin: http://localhost' \(header) http://127.0.0.1:\(port)\(path)
            """
        ).output().joined().trimmingCharacters(in: .whitespaces)
    }

    @Test(.timeLimit(.minutes(1)))
    func clientsElsewhereSeeNothingOfOperations() async throws {
        try await self.withPorts([
            "--listen", "0.0.0.0:0", "--insecure", "--operations", "127.0.0.1:0",
        ]) { clients, operations, keys async throws in
            #expect(try await self.status(clients, "/metrics") == "404")
            #expect(try await self.status(clients, "/metrics", keys.first) == "404")
            #expect(try await self.status(clients, "/healthz") == "200")
            #expect(try await self.status(clients, "/readyz") == "200")
            for path in ["/metrics", "/healthz", "/readyz"] {
                #expect(try await self.status(operations, path) == "200")
            }
            #expect(try await self.status(operations, "/v1/changes?model=m&from=start") == "404")
            #expect(try await self.status(operations, "/ws/subscribe/") == "404")
        }
    }

    /// Where others can reach operations they need a key for that.
    @Test(.timeLimit(.minutes(1)))
    func operationsElsewhereAskForAKey() async throws {
        try await self.withPorts([
            "--listen", "127.0.0.1:0", "--operations", "0.0.0.0:0",
        ]) { clients, operations, keys async throws in
            // Not there, as this machine's pages may read.
            #expect(try await self.status(clients, "/metrics") == "404 http://localhost")
            for path in ["/metrics", "/healthz", "/readyz", "/nothing"] {
                #expect(try await self.status(operations, path) == "401")
                #expect(try await self.status(operations, path, keys[1]) == "401")
                #expect(try await self.status(operations, path, "llk_no_key") == "401")
            }
            #expect(try await self.status(operations, "/metrics", keys[0]) == "200")
            #expect(try await self.status(operations, "/nothing", keys[0]) == "404")
        }
    }

    /// Pages that may read answers may read refusals, too.
    @Test(.timeLimit(.minutes(1)))
    func pagesThatAreAllowedCanReadRefusals() async throws {
        try await withServer { server in
            for (path, bearer, status) in [
                ("/v1/changes", nil, 400), ("/nothing", nil, 404), ("/v1/models/m/1", nil, 404),
                ("/v1/changes?model=m", "llk_no_key", 401), ("/livelog.js", nil, 200),
            ] {
                let headers =
                    ["Origin: http://localhost:3000"]
                    + (bearer.map { ["Authorization: Bearer \($0)"] } ?? [])
                let reply = try await server.get(path, headers: headers)
                #expect(reply.status == status, "\(path): \(reply.body)")
                let allowed = reply.headers["access-control-allow-origin"]
                #expect(
                    allowed == (path == "/livelog.js" ? "*" : "http://localhost:3000"), "\(path)")
                #expect(reply.headers["x-content-type-options"] == "nosniff")
                let other = try await server.get(path, headers: ["Origin: http://evil.example"])
                #expect(
                    other.headers["access-control-allow-origin"]
                        == (path == "/livelog.js" ? "*" : nil))
            }
            let metrics = try await server.get(
                "/metrics", headers: ["Origin: http://localhost:3000"])
            #expect(metrics.headers["access-control-allow-origin"] == nil)
        }
    }
}
