import Foundation
import Testing

/// The README's tour, run as written: from the repository's root, against port 8080.
@Suite struct ReadmeTourTests {
    @Test(.timeLimit(.minutes(3)))
    func theCommandsOfTheTourDoWhatTheReadmeSays() async throws {
        let tour = try Readme().tour
        #expect(Set(tour.map(\.kind)) == [.serve, .publish, .follow, .page, .history])
        try await withServer(port: Readme.port) { _ in
            var followers: [ChildProcess] = []
            var published = 0
            for step in tour {
                switch step.kind {
                case .serve, .page:
                    continue  // The server runs; the page has a test of its own.
                case .publish:
                    let output = try await run(step.content)
                    let receipt = try JSONDecoder().decode(Receipt.self, from: Data(output.utf8))
                    #expect(receipt.durable && receipt.first == UInt64(published))
                    published += 1
                    for follower in followers {
                        #expect(try await follower.records(1).map(\.offset) == [receipt.first])
                    }
                case .history:
                    try await run(step.content)
                case .follow:
                    let follower = try shell("exec \(step.content)")
                    #expect(try await follower.records(1).count == 1)
                    followers.append(follower)
                }
            }
            #expect(published == 2 && followers.count == 2)
        }
    }
}

private func shell(_ command: String) throws -> ChildProcess {
    try ChildProcess(URL(filePath: "/bin/bash"), ["-euo", "pipefail", "-c", command])
}

/// Runs a command to its end and returns its output.
@discardableResult
private func run(_ command: String) async throws -> String {
    let process = try shell(command)
    var output: [String] = []
    while let line = await process.nextLine() { output.append(line) }
    guard await process.ending() == .exited(0) else { throw process.failure("failed: \(command)") }
    return output.joined(separator: "\n")
}
