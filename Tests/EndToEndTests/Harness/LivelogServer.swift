import Foundation

/// A running `livelog serve`, on a data directory that outlives it.
struct LivelogServer: Sendable {
    let process: ChildProcess
    let data: URL
    let port: Int

    var address: String { "127.0.0.1:\(port)" }
    var url: String { "http://\(address)" }
    var webSocket: String { "ws://\(address)/ws/subscribe/" }

    /// Starts a server and returns when it listens.
    ///
    /// - Parameter port: 0 lets the system choose, so that no two tests meet.
    static func start(
        data: URL, port: Int = 0, options: [String] = []
    ) async throws -> LivelogServer {
        let arguments = ["serve", "--data", data.path, "--listen", "127.0.0.1:\(port)"]
        let process = try ChildProcess(Places.livelog, arguments + options)
        let announcement = "listening on 127.0.0.1:"
        let line = try await process.line { $0.hasPrefix(announcement) }
        guard let port = Int(line.dropFirst(announcement.count)) else {
            throw process.failure("announced no port: \(line)")
        }
        return LivelogServer(process: process, data: data, port: port)
    }

    /// Ends this server with `kill -9` and starts another on its data and its port.
    func killAndRestart() async throws -> LivelogServer {
        await process.kill()
        return try await .start(data: data, port: port)
    }
}

/// Runs `body` with a server on an empty log, and ends the server afterwards.
///
/// When `body` fails, what the server wrote to its error output is printed with it.
func withServer<Result>(
    port: Int = 0,
    options: [String] = [],
    _ body: (LivelogServer) async throws -> Result
) async throws -> Result {
    try await withTemporaryDirectory { directory in
        let server = try await LivelogServer.start(
            data: directory.appending(path: "data"), port: port, options: options)
        return try await server.whileRunning(body)
    }
}

extension LivelogServer {
    /// Runs `body` and then ends the server, whatever happens.
    func whileRunning<Result>(
        _ body: (LivelogServer) async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await body(self)
            await process.kill()
            return result
        } catch {
            await process.kill()
            print(process.failure("was running when the test failed"))
            throw error
        }
    }
}
