import Foundation
import Synchronization

/// A running `livelog serve`. It keeps its data and its port when it is killed and started again.
final class LivelogServer: Sendable {
    let port: Int
    private let data: URL
    private let options: [String]
    private let process: Mutex<ChildProcess>

    var address: String { "127.0.0.1:\(port)" }
    var url: String { "http://\(address)" }
    var webSocket: String { "ws://\(address)/ws/subscribe/" }

    /// Starts a server and returns when it listens.
    ///
    /// - Parameter port: 0 lets the system choose, so that no two tests meet.
    init(data: URL, port: Int, options: [String]) async throws {
        let (process, port) = try await Self.launch(data: data, port: port, options: options)
        self.data = data
        self.port = port
        self.options = options
        self.process = Mutex(process)
    }

    /// Ends the server with `kill -9`.
    func kill() async {
        await process.withLock { $0 }.kill()
    }

    /// The running server's process.
    var processIdentifier: Int32 { process.withLock { $0 }.processIdentifier }

    /// Waits until the server ends by itself.
    func ending() async -> ChildProcess.Ending {
        await process.withLock { $0 }.ending()
    }

    /// Asks the server to stop, and waits until it has.
    func stop() async {
        let process = process.withLock { $0 }
        Glibc.kill(process.processIdentifier, SIGTERM)
        await process.ending()
    }

    /// Starts the server again after it was killed, and returns when it listens.
    func restart() async throws {
        let (restarted, _) = try await Self.launch(data: data, port: port, options: options)
        process.withLock { $0 = restarted }
    }

    private static func launch(
        data: URL, port: Int, options: [String]
    ) async throws -> (ChildProcess, port: Int) {
        let arguments = ["serve", "--data", data.path, "--listen", "127.0.0.1:\(port)"]
        let process = try ChildProcess(Places.livelog, arguments + options)
        let announcement = "listening on 127.0.0.1:"
        let line = try await process.line { $0.hasPrefix(announcement) }
        guard let port = Int(line.dropFirst(announcement.count)) else {
            throw process.failure("announced no port: \(line)")
        }
        return (process, port)
    }

    /// What the running server wrote to its error output.
    var errorOutput: String { process.withLock { $0 }.errorOutput }
}

/// Runs `body` with a server, and ends the server afterwards.
///
/// When `body` fails, what the server wrote to its error output is printed.
///
/// - Parameter directory: Where the log is; a temporary directory when `nil`.
func withServer(
    in directory: URL? = nil,
    port: Int = 0,
    options: [String] = [],
    _ body: (LivelogServer) async throws -> Void
) async throws {
    guard let directory else {
        return try await withTemporaryDirectory {
            try await withServer(in: $0, port: port, options: options, body)
        }
    }
    let server = try await LivelogServer(
        data: directory.appending(path: "data"), port: port, options: options)
    do {
        try await body(server)
        await server.kill()
        expectNoSecrets(in: server.errorOutput, of: "the server's log")
    } catch {
        await server.kill()
        print("the server of the failed test wrote:\n\(server.errorOutput)")
        throw error
    }
}
