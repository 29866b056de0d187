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

    private static let folder = URL(filePath: #filePath)
        .appending(path: "../../Fixtures/transcripts").standardized

    /// All but those that show what clients do wrong.
    static let names =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? [])
        .filter { !$0.hasPrefix("error") }.sorted()

    @Test(arguments: names)
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
                case .unsubscribed:
                    continue  // This client has one subscription a connection, and ends that.
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
        let file = Self.folder.appending(path: name)
        var sessions: [Session] = []
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if let request = line.firstMatch(of: /^-> \{"subscribe":(\d+)/) {
                sessions.append(Session(number: request.1))
            } else if let message = line.wholeMatch(of: /<- (\{"\w+":(\d+),?.*)/),
                let place = sessions.lastIndex(where: { $0.number == message.2 })
            {
                sessions[place].told.append(String(message.1))
            }
        }
        return sessions
    }
}
