import Foundation
import Testing

/// The page of `docs/clients.md` in a real browser: a live collection from `/livelog.js`.
@Suite struct LivePageTests {
    @Test(.timeLimit(.minutes(3)))
    func aPageFollowsASnapshotAcrossALostConnection() async throws {
        let page = try #require(try ClientExamples.blocks("page").first)
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "tasks.html")
            // Of the same origin as the module, whatever the port.
            try page.replacing("http://\(ClientExamples.address)", with: "")
                .write(to: file, atomically: true, encoding: .utf8)
            let server = try await ScriptedServer(
                [
                    ScriptedServer.Step(
                        say: [
                            #"{"subscribed":0,"plan":"group","snapshot":"requested"}"#,
                            #"{"snapshot":0,"records":[\#(Self.record(1, "entered", "Write"))],"more":true}"#,
                            #"{"snapshot":0,"records":[\#(Self.record(2, "entered", "Read"))],"token":"t2"}"#,
                            #"{"covered":0,"token":"t2","live":true}"#,
                        ], close: 1011),
                    ScriptedServer.Step(say: [
                        #"{"subscribed":0,"token":"t2","plan":"group"}"#,
                        #"{"changes":0,"token":"t5","records":[\#(Self.record(1, "updated", "Write it twice")),"#
                            + #"{"offset":4,"action":"DELETED","change":"deleted","key":2},"#
                            + #"\#(Self.record(3, "entered", "Sleep"))]}"#,
                        #"{"covered":0,"token":"t5","live":true}"#,
                    ]),
                ], files: ["/": file, "/livelog.js": Self.module])
            let text = try await Self.text(
                of: "http://\(server.address)/", showing: ["Write it twice", "Sleep", "live"])
            #expect(
                text.wholeMatch(of: /List 42\s+live\s+Write it twice\s+Sleep/) != nil, "\(text)")
            for place in ["snapshot", "t2"] {
                #expect(
                    try await server.message()
                        == #"{"subscribe":1,"model":"todolist.Task","where":{"list_id":42},"from":"\#(place)"}"#
                )
            }
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func aPageOfAnotherOriginUsesTheModuleOfTheServer() async throws {
        let page = try #require(try ClientExamples.blocks("page").first)
        let text = try await Self.text(ofForeign: page, showing: ["Write", "live"])
        #expect(text.wholeMatch(of: /List 42\s+live\s+Write/) != nil, "\(text)")
    }

    @Test(.timeLimit(.minutes(3)))
    func thePageOfTheReadmeKeepsALiveCollection() async throws {
        let page = try #require(try Readme().steps(.collection).first)
        #expect(try await Self.text(ofForeign: page, showing: ["Write"]) == "Write")
    }

    /// What a page that comes from elsewhere shows of a server that has one task in list 42.
    private static func text(ofForeign page: String, showing parts: [String]) async throws -> String
    {
        try await withTemporaryDirectory { directory in
            var text = ""
            try await withServer(options: ["--dev"]) { server in
                try await server.publish(
                    lines: """
                        {"model":"todolist.Task","action":"CREATED","instance":{"id":1,"text":"Draft","list_id":42}}
                        {"model":"todolist.Task","action":"CREATED","instance":{"id":2,"text":"Other","list_id":7}}
                        {"model":"todolist.Task","action":"UPDATED","instance":{"id":1,"text":"Write","list_id":42}}
                        """)
                let file = directory.appending(path: "tasks.html")
                try page.replacing(ClientExamples.address, with: server.address)
                    .write(to: file, atomically: true, encoding: .utf8)
                // From a server, because a page from a file may load no module.
                let origin = try await ScriptedServer(
                    [ScriptedServer.Step(say: [])], files: ["/": file])
                text = try await Self.text(of: "http://\(origin.address)/", showing: parts)
            }
            return text
        }
    }

    private static let module = Places.repository
        .appending(path: "Sources/Transport/Assets/livelog.js")

    private static func record(_ key: Int, _ change: String, _ text: String) -> String {
        #"{"offset":\#(key),"action":"UPDATED","change":"\#(change)","key":\#(key),"#
            + #""instance":{"id":\#(key),"text":"\#(text)","list_id":42}}"#
    }

    /// What a page shows once it shows all of `parts`.
    private static func text(of page: String, showing parts: [String]) async throws -> String {
        let browser = try ChildProcess.python("live_page.py", [page] + parts)
        let line = try await browser.line { _ in true }
        #expect(await browser.ending() == .exited(0), "\(browser.errorOutput)")
        return try JSONDecoder().decode(ShownText.self, from: Data(line.utf8)).text
    }
}

/// The line that `live_page.py` prints.
private struct ShownText: Decodable {
    let text: String
}
