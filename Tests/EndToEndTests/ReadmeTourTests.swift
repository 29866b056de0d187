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
                case .follow:
                    let follower = try shell("exec \(step.content)")
                    #expect(try await follower.records(published).count == published)
                    followers.append(follower)
                case .history:
                    let lines = try await run(step.content).split(separator: "\n")
                    #expect(lines.count { $0.contains(#""suffix":".swift""#) } == 3)
                }
            }
            #expect(published == 2 && followers.count == 1)
            for follower in followers { await follower.kill() }
        }
    }
}

private func shell(_ command: String) throws -> ChildProcess {
    try ChildProcess(URL(filePath: "/bin/bash"), ["-euc", command])
}

/// Runs a command to its end and returns its output.
private func run(_ command: String) async throws -> String {
    let process = try shell(command)
    var output: [String] = []
    while let line = await process.nextLine() { output.append(line) }
    guard await process.ending() == .exited(0) else { throw process.failure("failed: \(command)") }
    return output.joined(separator: "\n")
}
