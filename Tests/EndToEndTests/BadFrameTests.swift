import Foundation
import Testing

/// A WebSocket message that means nothing is answered, and the socket goes on.
@Suite struct BadFrameTests {
    @Test(
        .timeLimit(.minutes(2)),
        arguments: ["text:{\"subscribe\":", "text:[]", "text:{\"hello\":1}", "binary:00ff"])
    func aBadFrameIsAnsweredAndTheSocketStaysUsable(_ frame: String) async throws {
        try await withServer { server in
            let client = try server.python(
                "frames.py",
                [
                    server.webSocket, "--subprotocol", "livelog.v1", frame,
                    #"text:{"subscribe":7,"model":"m","from":"now"}"#,
                ])
            let refusal = try JSONDecoder().decode(
                ErrorFrame.self, from: try await client.reply())
            #expect(refusal.error == nil)
            #expect(!refusal.code.isEmpty && !refusal.message.isEmpty)
            let answer = try JSONDecoder().decode(
                SubscribedFrame.self, from: try await client.reply())
            #expect(answer.subscribed == 7)
            #expect(await client.ending() == .exited(0), "\(client.errorOutput)")
        }
    }
}

private struct ErrorFrame: Decodable {
    let error: Int?
    let code: String
    let message: String
}

private struct SubscribedFrame: Decodable {
    let subscribed: Int
}

/// A line of `frames.py`.
private struct FrameLine: Decodable {
    let reply: String?
    let closed: Int?
}

extension ChildProcess {
    /// The server's next message.
    fileprivate func reply() async throws -> Data {
        guard let line = await nextLine() else { throw failure("ended without a reply") }
        let frame = try JSONDecoder().decode(FrameLine.self, from: Data(line.utf8))
        guard let reply = frame.reply else {
            throw Failure("the server closed with \(frame.closed ?? 0)")
        }
        return Data(reply.utf8)
    }
}
