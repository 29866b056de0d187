import Foundation
import LivelogClient
import Testing

/// The sessions of `Tests/Fixtures/transcripts`, which the server is held to as well, from the client's side.
@Suite struct TranscriptTests {
    /// One subscription of a session: what its client is told.
    private struct Session {
        let number: Substring
        var told: [String] = []
    }

    // Without error.txt: it shows what clients do wrong.
    @Test(arguments: ["budget", "conjunction", "latest", "now", "reset", "resume", "snapshot"])
    func whatTheServerSaysIsDelivered(name: String) throws {
        let sessions = try Self.sessions(of: name)
        try #require(!sessions.isEmpty)
        for session in sessions {
            var state = SubscriptionState(Subscription(model: "m"))
            _ = state.connected()
            var deliveries: [Delivery] = []
            var sent: [ChangeRecord] = []
            var lastToken: String?
            for message in session.told {
                // The client's own number in place of that of the session.
                let text = message.replacing(":\(session.number),", with: ":1,", maxReplacements: 1)
                let frame = try ServerFrame(decoding: Array(text.utf8))
                switch frame {
                case .subscribed(_, let token, _):
                    lastToken = token ?? lastToken
                case .covered(_, let token, _):
                    lastToken = token
                case .changes(_, let token, let records), .snapshot(_, let token, let records, _):
                    lastToken = token ?? lastToken
                    sent += records
                case .reset:
                    let error = #expect(throws: ClientError.self) { try state.receive(frame) }
                    #expect(error?.code == .reset)
                    continue
                default:
                    Issue.record("\(message) is no message of a session")
                }
                switch try state.receive(frame) {
                case .ignore: break
                case .accepted(_, let delivery): deliveries += delivery.map { [$0] } ?? []
                case .deliver(let delivery): deliveries.append(delivery)
                }
            }
            #expect(deliveries.flatMap(\.records) == sent)
            #expect(deliveries.last?.token == lastToken)
            #expect(state.token == lastToken)
        }
    }

    private static func sessions(of name: String) throws -> [Session] {
        let file = URL(filePath: #filePath)
            .appending(path: "../../Fixtures/transcripts/\(name).txt").standardized
        var sessions: [Session] = []
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if let request = line.firstMatch(of: /^-> \{"subscribe":(\d+)/) {
                sessions.append(Session(number: request.1))
            } else if line.hasPrefix("<- "), let last = sessions.indices.last {
                sessions[last].told.append(String(line.dropFirst(3)))
            }
        }
        return sessions
    }
}
