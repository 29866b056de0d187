import Foundation
import Testing

/// Clients that are slow on purpose, by `slowhttptest`: it holds many connections, and asks all the time on one more
/// whether the server still answers.
@Suite struct SlowClientTests {
    /// Options of a run, and whether the server has to end all connections before its time is over.
    struct Run: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let options: [String]
        let isEnded: Bool
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            Run(
                testDescription: "heads that do not end", options: ["-H", "-i", "5", "-l", "30"],
                isEnded: true),
            Run(
                testDescription: "bodies of a few bytes a second",
                options: ["-B", "-i", "5", "-l", "30", "-s", "8192", "-f", "application/json"],
                isEnded: true),
            // What the kernel holds for them costs the server nothing: they are ended after a minute.
            Run(
                testDescription: "responses that are hardly read",
                options: [
                    "-X", "-l", "10", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3",
                ],
                isEnded: false),
        ])
    func theServerEndsThemAndServesOthers(_ run: Run) async throws {
        try await withServer { server in
            let path = run.options.first == "-X" ? "/livelog.js" : "/v1/changes"
            // Fifty connections, all at once; whoever asks meanwhile waits for three seconds at most.
            let test = try ChildProcess(
                URL(filePath: "/usr/bin/slowhttptest"),
                run.options + ["-c", "50", "-r", "50", "-p", "3", "-u", server.url + path])
            let output = try await test.output()
            let states = output.filter { $0.contains("service available") }
            #expect(!states.isEmpty && states.allSatisfy { $0.contains("YES") }, "\(states)")
            if run.isEnded {
                #expect(output.contains { $0.contains("No open connections left") }, "\(output)")
            }
            #expect(try await server.exchange(.get("/healthz")).status == 200)
        }
    }
}
