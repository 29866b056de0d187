import Foundation
import Testing

/// Ten lines of JavaScript in a real browser, no library: the README's page.
@Suite struct BrowserPageTests {
    @Test(.timeLimit(.minutes(3)))
    func thePageOfTheReadmeShowsAnUpdateAsItHappens() async throws {
        let page = try #require(try Readme().steps(.page).first)
        try await withTemporaryDirectory { directory in
            try await withServer(options: ["--dev"]) { server in
                let file = directory.appending(path: "tasks.html")
                try page.replacing(Readme.address, with: server.address)
                    .write(to: file, atomically: true, encoding: .utf8)
                try FileManager.default.createDirectory(
                    at: Places.artifacts, withIntermediateDirectories: true)
                let screenshot = Places.artifacts.appending(path: "page.png")

                let change =
                    #"{"model":"todolist.Task","action":"UPDATED","instance":{"id":1,"list_id":42}}"#
                let browser = try server.python(
                    "page.py", [file.path, server.url, change, screenshot.path])
                let line = try await browser.line { _ in true }
                #expect(await browser.ending() == .exited(0), "\(browser.errorOutput)")

                let shown = try JSONDecoder().decode(ShownText.self, from: Data(line.utf8))
                #expect(shown.text.contains(/List 42\s+UPDATED update \d+/))
                #expect(try Data(contentsOf: screenshot).starts(with: [0x89] + Array("PNG".utf8)))
            }
        }
    }
}

/// The line that `page.py` prints.
private struct ShownText: Decodable {
    let text: String
}
