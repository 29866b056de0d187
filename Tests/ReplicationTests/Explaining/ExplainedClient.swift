import Access
import Debugging
import LogModel
import LogStorage
import Replication
import Sessions
import WireProtocol

/// A client that a server serves, and of which each record is explained besides.
struct ExplainedClient {
    let principal: Principal
    let message: SubscriptionMessage
    private let connection = RecordingConnection()
    /// What the server answered when it refused; nil if it did not.
    private(set) var refusal: String?

    /// Connects to `server` and subscribes.
    init(_ principal: Principal, _ json: String, under policy: AccessPolicy, on server: Server)
        throws
    {
        self.principal = principal
        self.message = try SubscriptionMessage(json)
        let id = server.dispatcher.open(
            Session(
                dialect: self.message.dialect, reader: Reader(principal, under: policy),
                limits: server.sessionLimits), connection: self.connection)
        server.receive(json, from: id)
        server.settle()
        self.refusal = self.connection.takeMessages().first {
            $0.contains("error\":") || $0.contains("\"error\"")
        }
    }

    /// Forgets what it was sent.
    func clear() { self.connection.clear() }

    /// How the explanations of a batch, which is the last thing that the server sent, came out.
    struct Tally {
        var delivered = 0
        var notDelivered = 0
        var refused = 0
        var left = 0
        var findings: [String] = []

        var total: Int { self.delivered + self.notDelivered + self.refused }
    }

    /// Explains the records of `batch`, and holds what comes out against what the server sent.
    func check(
        _ batch: Range<Offset>, under policy: AccessPolicy, in log: ChangeLog,
        _ tally: inout Tally, decide: (RecordQuestion) -> Decision? = { _ in nil }
    ) throws {
        var frames: [String] = []
        var forms: [String] = []
        var offset = batch.lowerBound
        while offset < batch.upperBound {
            let explanation = try Explanation(
                of: offset, for: self.message, by: Reader(self.principal, under: policy), in: log,
                decide: decide)
            tally.findings += explanation.disagreements.map { "\(offset): \($0)" }
            if explanation.record.batch != batch {
                tally.findings.append("\(offset): the batch is \(explanation.record.batch)")
            }
            switch explanation.verdict {
            case .delivered(let change, _):
                tally.delivered += 1
                if change == .left { tally.left += 1 }
                frames.append(explanation.frame ?? "no frame")
                forms.append(explanation.recordForm ?? "no form")
            case .notDelivered where explanation.bucket == nil:
                tally.refused += 1
                if explanation.answer != self.refusal {
                    tally.findings.append(
                        "\(explanation.answer ?? "nothing") and not \(self.refusal ?? "nothing")")
                }
            case .notDelivered: tally.notDelivered += 1
            case .depends(let reason): tally.findings.append("\(offset): depends on \(reason)")
            }
            if explanation.bucket != nil, self.refusal != nil {
                tally.findings.append("the server refused: \(self.refusal ?? "")")
            }
            offset = offset.next
        }
        let sent = self.connection.takeMessages().filter { !$0.contains("\"covered\"") }
        let expected: [String]
        let found: [String]
        if self.message.dialect == .restLive || forms.count < 2 && batch.count == 1 {
            (expected, found) = (frames, sent)
        } else {
            (expected, found) = (
                [forms.joined(separator: ",")], [sent.map(Self.records).joined(separator: "|")]
            )
        }
        if expected != found {
            tally.findings.append(
                "\(String(decoding: self.message.bytes, as: UTF8.self)) of \(self.principal.subject) at \(batch): "
                    + "sent \(found), explained \(expected)")
        }
    }

    /// What stands in the list of records of a message.
    private static func records(_ message: String) -> String {
        guard let start = message.firstRange(of: "\"records\":[")?.upperBound,
            let end = message.lastIndex(of: "]")
        else { return message }
        return String(message[start..<end])
    }
}

extension Range<Offset> {
    /// How many offsets there are.
    fileprivate var count: Int { self.upperBound.distance(from: self.lowerBound) }
}
