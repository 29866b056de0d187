import Foundation

/// A server of livelog.v1 that says what the test wants (`Clients/scripted_server.py`), for what a real one does
/// only rarely.
struct ScriptedServer {
    /// What one connection gets once it has subscribed.
    struct Step {
        /// Messages, each a JSON object; 0 stands for the subscription's number.
        let say: [String]
        /// The code to close with afterwards; nil leaves the connection open.
        var close: Int?

        fileprivate var json: String {
            let close = self.close.map { ",\"close\":\($0)" } ?? ""
            return "{\"say\":[\(self.say.joined(separator: ","))]\(close)}"
        }
    }

    let address: String
    private let process: ChildProcess

    /// Starts the server and returns when it listens. It ends when nobody holds it any more.
    ///
    /// - Parameters:
    ///   - steps: What each connection gets; those after the last get what that got.
    ///   - files: What it serves over HTTP, by path.
    init(_ steps: [Step], files: [String: URL] = [:], port: Int = 0) async throws {
        let script = "[\(steps.map(\.json).joined(separator: ","))]"
        let served = files.flatMap { ["--file", $0.key, $0.value.path] }
        self.process = try .python(
            "scripted_server.py", [script, "--port", "\(port)"] + served)
        let announcement = "listening on "
        let line = try await self.process.line { $0.hasPrefix(announcement) }
        self.address = String(line.dropFirst(announcement.count))
    }

    /// The next message of a client.
    func message() async throws -> String {
        try await self.process.line { _ in true }
    }
}
