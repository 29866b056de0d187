import Foundation
import Testing

/// A full disk refuses appends and nothing else, and ends when there is space again.
@Suite struct FullDiskTests {
    @Test(
        .enabled(if: geteuid() == 0 || Environment.isContinuousIntegration, "not run: needs root"),
        .timeLimit(.minutes(3)))
    func appendsAreRefusedWhileReadersGoOnAndHealWithoutARestart() async throws {
        try await withSmallDisk(megabytes: 8) { disk in
            let ballast = disk.appending(path: "ballast")
            try Data(count: 3 << 20).write(to: ballast)
            try await withServer(in: disk, options: ["--segment-bytes", "1048576"]) { server in
                let live = try server.subscribeWithPython(model: "disk.Note", where: "kind=x")
                let acknowledged = try await server.publishUntilFull()
                #expect(acknowledged > 0)
                let seenLive = try await live.records(acknowledged)

                let late = try server.subscribe(model: "disk.Note", where: "kind=x")
                #expect(try await late.records(acknowledged) == seenLive)
                let health = try await server.exchange(.get("/healthz"))
                #expect(health.status == 200)

                try FileManager.default.removeItem(at: ballast)
                let receipt = try await server.publish(lines: note(acknowledged))
                for reader in [live, late] {
                    let next = try await reader.records(1)
                    #expect(next.map(\.offset) == [receipt.first])
                }
            }
        }
    }
}

private func note(_ number: Int) -> String {
    let text = String(repeating: "x", count: 8_000)
    return
        #"{"model":"disk.Note","action":"CREATED","instance":{"id":\#(number),"kind":"x","text":"\#(text)"}}"#
}

extension LivelogServer {
    /// Publishes one note a request until one is refused because the disk is full.
    ///
    /// - Returns: How many were acknowledged.
    fileprivate func publishUntilFull() async throws -> Int {
        for number in 0..<10_000 {
            let reply = try await exchange(.publish(note(number).utf8))
            if (200..<300).contains(reply.status) { continue }
            #expect(reply.status == 507)
            let problem = try JSONDecoder().decode(Problem.self, from: Data(reply.body.utf8))
            #expect(problem.code == "disk-full")
            return number
        }
        throw Failure("80 MB were taken by a disk of 8 MB")
    }
}

/// Runs `body` with a directory that is a file system of its own, and so small that it can be filled.
private func withSmallDisk(
    megabytes: Int, _ body: (URL) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        let disk = ["DISK": directory.path, "SIZE": "\(megabytes)m"]
        try await ChildProcess.shell(
            #"exec mount -t tmpfs -o "size=$SIZE" tmpfs "$DISK""#, environment: disk
        ).output()
        let outcome: (any Error)?
        do {
            try await body(directory)
            outcome = nil
        } catch { outcome = error }
        // Lazily, so that a reader that still holds a file does not keep the directory busy.
        try await ChildProcess.shell(#"exec umount --lazy "$DISK""#, environment: disk).output()
        if let outcome { throw outcome }
    }
}
