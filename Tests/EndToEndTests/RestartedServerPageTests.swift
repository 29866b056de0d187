import Foundation
import Testing

/// The page of `docs/clients.md` in a real browser, against a real server that is killed under it.
@Suite struct RestartedServerPageTests {
    @Test(.timeLimit(.minutes(3)))
    func aLiveCollectionSurvivesTheEndOfItsServer() async throws {
        let page = try #require(try ClientExamples.blocks("page").first)
        try await withTemporaryDirectory { directory in
            try await withServer(options: ["--dev"]) { server in
                try await server.publish(
                    lines: [
                        Self.task(1, "Draft", list: 42), Self.task(2, "Other", list: 7),
                        Self.task(1, "Write", list: 42), Self.task(3, "Print", list: 42),
                    ].joined(separator: "\n"))
                let file = directory.appending(path: "tasks.html")
                try page.replacing(ClientExamples.address, with: server.address)
                    .write(to: file, atomically: true, encoding: .utf8)
                try FileManager.default.createDirectory(
                    at: Places.artifacts, withIntermediateDirectories: true)
                let screenshot = Places.artifacts.appending(path: "live-page.png")
                // From a server, because a page from a file may load no module.
                let origin = try await ScriptedServer(
                    [ScriptedServer.Step(say: [])], files: ["/": file])
                let browser = try ChildProcess.python(
                    "stages_page.py",
                    [
                        "http://\(origin.address)/", screenshot.path,
                        #"["Write", "Print", "live"]"#,
                        #"["Write", "reconnecting"]"#, #"["Send", "live"]"#,
                    ])
                let first = try await Self.text(from: browser)
                #expect(first.wholeMatch(of: /List 42\s+live\s+Write\s+Print/) != nil, "\(first)")

                await server.kill()
                // What was there stays while nobody answers.
                let without = try await Self.text(from: browser)
                #expect(
                    without.wholeMatch(of: /List 42\s+reconnecting\s+Write\s+Print/) != nil,
                    "\(without)")

                try await server.restart()
                try await server.publish(
                    lines: [
                        Self.task(1, "Write", list: 7), Self.task(4, "Send", list: 42),
                    ].joined(separator: "\n"))
                let last = try await Self.text(from: browser)
                #expect(last.wholeMatch(of: /List 42\s+live\s+Print\s+Send/) != nil, "\(last)")
                #expect(await browser.ending() == .exited(0), "\(browser.errorOutput)")
                #expect(try Data(contentsOf: screenshot).starts(with: [0x89] + Array("PNG".utf8)))
            }
        }
    }

    private static func task(_ key: Int, _ text: String, list: Int) -> String {
        #"{"model":"todolist.Task","action":"UPDATED","instance":{"id":\#(key),"text":"\#(text)","list_id":\#(list)}}"#
    }

    private static func text(from browser: ChildProcess) async throws -> String {
        struct Shown: Decodable { let text: String }
        let line = try await browser.line { _ in true }
        return try JSONDecoder().decode(Shown.self, from: Data(line.utf8)).text
    }
}
