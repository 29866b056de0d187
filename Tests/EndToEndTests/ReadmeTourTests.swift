import Foundation
import Testing

/// The README's tour, run as written: from the repository's root, against port 8080.
@Suite struct ReadmeTourTests {
    @Test(.timeLimit(.minutes(3)))
    func theCommandsOfTheTourDoWhatTheReadmeSays() async throws {
        let tour = try Readme().tour
        #expect(
            Set(tour.map(\.kind))
                == [.serve, .publish, .follow, .read, .page, .collection, .history, .bench])
        try await withServer(port: Readme.port) { _ in
            var followers: [ChildProcess] = []
            var published = 0
            for step in tour {
                switch step.kind {
                case .serve, .page, .collection:
                    continue  // The server runs; the pages have tests of their own.
                case .read:
                    let reader = try ChildProcess.shell("exec \(step.content)")
                    let line = try await reader.line { $0.contains("Write it down") }
                    #expect(line.contains(#""done":true"#))
                    await reader.kill()
                case .publish:
                    let output = try await ChildProcess.shell(step.content).output().joined()
                    let receipt = try JSONDecoder().decode(Receipt.self, from: Data(output.utf8))
                    #expect(receipt.durable && receipt.first == UInt64(published))
                    published += 1
                    for follower in followers {
                        #expect(try await follower.records(1).map(\.offset) == [receipt.first])
                    }
                case .bench:
                    let output = try await ChildProcess.shell(step.content).output().joined()
                    #expect(output.contains("none lost, none twice"))
                case .history:
                    try await ChildProcess.shell(step.content).output()
                case .follow:
                    let follower = try ChildProcess.shell("exec \(step.content)")
                    #expect(try await follower.records(1).count == 1)
                    followers.append(follower)
                }
            }
            #expect(published == 2 && followers.count == 2)
        }
    }
}
