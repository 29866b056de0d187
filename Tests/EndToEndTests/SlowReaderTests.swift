import Foundation
import Testing

/// A reader that stops reading costs nobody anything, and misses nothing when it goes on.
@Suite struct SlowReaderTests {
    /// So often that what matches is more than any socket buffers.
    private static let rounds = 4

    @Test(.timeLimit(.minutes(5)))
    func stoppedReadersGetEverythingOnceWhenTheyGoOn() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await Fixture.unpacked(into: directory)
            try await withServer { server in
                let stopped = [
                    try server.subscribe(model: Fixture.model, where: Fixture.filter),
                    try server.subscribeWithPython(model: Fixture.model, where: Fixture.filter),
                ]
                let awake = try server.subscribe(model: Fixture.model, where: Fixture.filter)
                // Once each has a record it is live.
                let first = try await server.publish(lines: marker(0))
                for reader in stopped + [awake] {
                    #expect(try await reader.records(1).map(\.offset) == [first.first])
                }
                for reader in stopped { #expect(kill(reader.processIdentifier, SIGSTOP) == 0) }

                for _ in 0..<Self.rounds {
                    let publish = try server.publish(fixture.file, options: ["--again"])
                    #expect(await publish.ending() == .exited(0), "\(publish.errorOutput)")
                }
                let last = try await server.publish(lines: marker(1))
                let expected = Self.rounds * fixture.instances.count + 1
                let seen = try await awake.records(expected)
                #expect(seen.last?.offset == last.first)
                expectExactly(
                    Array(repeatElement(fixture.instances, count: Self.rounds).joined()),
                    in: seen.dropLast(), of: "the reader that did not stop")

                for reader in stopped { #expect(kill(reader.processIdentifier, SIGCONT) == 0) }
                for reader in stopped {
                    #expect(try await reader.records(expected) == seen, "\(reader.name)")
                }
            }
        }
    }
}

private func marker(_ number: Int) -> String {
    #"{"model":"repo.File","action":"CREATED","instance":{"id":"marker \#(number)","directory":"src"}}"#
}
