import Foundation
import LivelogClient
import Testing

@Suite(.timeLimit(.minutes(1))) struct DocumentedExamplesTests {
    @Test(arguments: ["collection", "deliveries"])
    func theDocumentShowsTheCodeThatIsTested(name: String) throws {
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        let source = try String(
            contentsOf: here.appending(path: "DocumentedExamples.swift"), encoding: .utf8)
        let document = try String(
            contentsOf: here.appending(path: "../../docs/clients.md"), encoding: .utf8)
        let code = try #require(Self.part(of: source, from: "// example: \(name)\n", to: "// end"))
        let shown = try #require(
            Self.part(of: document, from: "<!-- example: \(name) -->\n```swift\n", to: "```"))
        let lines = code.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.map { $0.dropFirst(8) }.joined(separator: "\n") + "\n" == shown)
    }

    @Test func theExampleOfACollectionWorks() async throws {
        let script: ScriptedServer.Script = { socket in
            var socket = socket
            let request = try await socket.received()
            #expect(
                request
                    == #"{"subscribe":1,"model":"todolist.Task","where":{"list_id":42},"from":"snapshot"}"#
            )
            try await socket.send(#"{"subscribed":1,"plan":"group","snapshot":"requested"}"#)
            try await socket.send(
                #"{"snapshot":1,"records":[\#(Self.record(1, "entered", 7))],"token":"t1"}"#)
            try await socket.send(#"{"covered":1,"token":"t1","live":true}"#)
            try await socket.send(
                #"{"changes":1,"records":[\#(Self.record(2, "updated", 7))],"token":"t2"}"#)
            try await socket.send(
                #"{"changes":1,"records":[\#(Self.record(3, "left", 7))],"token":"t3"}"#)
            _ = try await socket.received()
        }
        let printer = Printer()
        try await ScriptedServer.run([script]) { url in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await DocumentedExamples.collection(url: url, print: printer) }
                await printer.lines.wait(for: 6)
                group.cancelAll()
                try await group.waitForAll()
            }
        }
        #expect(
            printer.lines.all
                == ["new: 7", "live with 1", "changed: 7", "live with 1", "gone: 7", "live with 0"])
    }

    @Test func theExampleOfDeliveriesWorks() async throws {
        let script: ScriptedServer.Script = { socket in
            var socket = socket
            let request = try await socket.received()
            #expect(
                request
                    == #"{"subscribe":1,"model":"shop.Order","where":{"total":{">=":10,"<":100},"#
                    + #""state":{"!=":["paid","cancelled"]}},"from":"t0","catchUp":"latest","#
                    + #""budget":10000}"#)
            try await socket.send(#"{"subscribed":1,"plan":"scan","snapshot":"budget"}"#)
            try await socket.send(
                #"{"snapshot":1,"records":[\#(Self.record(1, "entered", 7))],"token":"t1"}"#)
            try await socket.send(
                #"{"changes":1,"records":[\#(Self.record(2, "left", 7))],"token":"t2"}"#)
            try await socket.send(#"{"reset":1,"reason":"retained","message":"gone"}"#)
            _ = try await socket.received()
        }
        let anew: ScriptedServer.Script = { socket in
            var socket = socket
            #expect(try await socket.received()?.contains(#""from":"snapshot""#) == true)
            try await socket.send(#"{"subscribed":1,"plan":"scan","snapshot":"requested"}"#)
            try await socket.send(#"{"snapshot":1,"records":[],"token":"t9"}"#)
            try await socket.send(
                #"{"reset":1,"reason":"snapshot-too-large","message":"too many"}"#)
            _ = try await socket.received()
        }
        let printer = Printer()
        try await ScriptedServer.run([script, anew]) { url in
            var token: String? = "t0"
            var failure: ClientError?
            do {
                try await DocumentedExamples.deliveries(url: url, token: &token, print: printer)
            } catch {
                failure = error as? ClientError
            }
            #expect(failure?.code == .reset)
            #expect(token == "t9")
        }
        #expect(printer.lines.all == ["begin anew", "entered 7", "left 7", "begin anew"])
    }

    private static func record(_ offset: Int, _ change: String, _ key: Int) -> String {
        #"{"offset":\#(offset),"action":"UPDATED","change":"\#(change)","key":\#(key),"instance":{}}"#
    }

    private static func part(of text: String, from start: String, to end: String) -> Substring? {
        guard let start = text.firstRange(of: start) else { return nil }
        let rest = text[start.upperBound...]
        return rest.firstRange(of: end).map { rest[..<$0.lowerBound] }
    }
}
