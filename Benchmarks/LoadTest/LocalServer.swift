import FoundationEssentials
import Subprocess
import SystemPackage

/// A server of this executable, started for one run: on a free port of loopback, with a log in a directory of its
/// own that is removed with it.
package enum LocalServer {
    /// Starts `livelog serve`, calls `body` when it listens, and stops it.
    ///
    /// - Parameters:
    ///   - arguments: More options of `serve`.
    ///   - directory: Where the log's directory is made.
    /// - Throws: ``LoadError/Code/noServer`` if it does not start, or what `body` throws.
    package static func run<Result: Sendable>(
        executable: String, version: String, acknowledgement: String, arguments: [String] = [],
        directory: String, _ body: (LoadedServer) async throws -> Result
    ) async throws -> Result {
        let data = try Self.makeDirectory(in: directory)
        defer { try? FileManager.default.removeItem(atPath: data) }
        var options = PlatformOptions()
        // What interrupts this process in a terminal must not end the server first.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(20))]
        let outcome = try await Subprocess.run(
            .path(FilePath(executable)),
            arguments: Arguments(
                [
                    "serve", "--data", data, "--listen", "127.0.0.1:0", "--ack", acknowledgement,
                    "--drain-seconds", "0",
                ]
                    + arguments),
            platformOptions: options, input: .none, output: .sequence,
            error: .string(limit: 1 << 20)
        ) { execution -> Swift.Result<Result, any Error>? in
            var port: Int?
            for try await line in execution.standardOutput.strings() {
                let line = line.filter { !$0.isNewline }
                if line.hasPrefix("listening on "), let colon = line.lastIndex(of: ":") {
                    port = Int(line[line.index(after: colon)...])
                }
                break
            }
            guard let port else { return nil }
            let server = LoadedServer(
                host: "127.0.0.1", port: port, processes: [execution.processIdentifier.value],
                version: version,
                acknowledgement: acknowledgement)
            let result: Swift.Result<Result, any Error>
            do {
                result = .success(try await body(server))
            } catch {
                result = .failure(error)
            }
            // Whatever happened, it has no other user.
            try execution.send(signal: .terminate)
            return result
        }
        guard let result = outcome.closureResult else {
            throw LoadError(.noServer, "livelog serve did not start: \(outcome.standardError)")
        }
        return try result.get()
    }

    private static func makeDirectory(in parent: String) throws(LoadError) -> String {
        let path = "\(parent)/livelog-bench-\(UUID())"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false)
        } catch {
            throw LoadError(.noServer, "cannot make the directory \(path): \(error)")
        }
        return path
    }
}
