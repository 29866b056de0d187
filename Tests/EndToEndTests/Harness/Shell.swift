import Foundation

extension ChildProcess {
    /// A script for bash, which stops at the first command that fails.
    static func shell(
        _ script: String,
        environment: [String: String] = [:],
        directory: URL = Places.repository
    ) throws -> ChildProcess {
        try ChildProcess(
            URL(filePath: "/bin/bash"), ["-euo", "pipefail", "-c", script],
            environment: environment, directory: directory)
    }

    /// The lines of a program that ends well.
    ///
    /// - Throws: `Failure` when it does not.
    @discardableResult
    func output() async throws -> [String] {
        var lines: [String] = []
        while let line = await nextLine() { lines.append(line) }
        let ending = await ending()
        guard ending == .exited(0) else { throw failure("failed: \(ending)") }
        return lines
    }
}
