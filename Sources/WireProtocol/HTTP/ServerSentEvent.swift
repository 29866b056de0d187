import LogModel

/// Messages as events of a `text/event-stream` (HTML Living Standard, section 9.2).
///
/// The data is the message of `livelog.v1` without the subscription's number, and with the token as the event's
/// `id`: that is what a browser gives back as `Last-Event-ID`. A message that more follows upon has none, so that
/// a browser whose stream ends there resumes before it. JSON has no raw line ends, which would end the data.
enum ServerSentEvent {
    static func append(_ message: ServerMessage, to bytes: inout [UInt8]) {
        switch message {
        case .subscribed(let token, let plan):
            Self.begin("event: subscribed\nretry: 1000\n", token: token, to: &bytes)
            bytes.append(literal: "{\"plan\":\"")
            bytes.append(plain: plan.rawValue)
            bytes.append(literal: "\"")
        case .subscribedWithSnapshot(let plan, let reason):
            Self.begin("event: subscribed\nretry: 1000\n", token: nil, to: &bytes)
            bytes.append(literal: "{\"plan\":\"")
            bytes.append(plain: plan.rawValue)
            bytes.append(literal: "\",\"snapshot\":\"")
            bytes.append(plain: reason.rawValue)
            bytes.append(literal: "\"")
        case .unsubscribed:
            return
        case .changes(let records, let token):
            Self.begin("event: changes\n", token: token, to: &bytes)
            Self.append(records: records, to: &bytes)
            if token == nil { bytes.append(literal: ",\"more\":true") }
        case .snapshot(let records, let token, let isPartial):
            Self.begin("event: snapshot\n", token: token, to: &bytes)
            Self.append(records: records, to: &bytes)
            if token == nil {
                bytes.append(literal: ",\"more\":true")
            } else if isPartial {
                bytes.append(literal: ",\"partial\":true")
            }
        case .covered(let token, let isLive):
            Self.begin("event: covered\n", token: token, to: &bytes)
            bytes.append(literal: isLive ? "{\"live\":true" : "{")
        case .reset(let reason, let message):
            Self.begin("event: reset\n", token: nil, to: &bytes)
            bytes.append(literal: "{\"reason\":\"")
            bytes.append(plain: reason.rawValue)
            bytes.append(literal: "\",\"message\":")
            bytes.append(quoting: message)
        }
        bytes.append(literal: "}\n\n")
    }

    private static func begin(_ head: StaticString, token: String?, to bytes: inout [UInt8]) {
        bytes.append(literal: head)
        if let token {
            bytes.append(literal: "id: ")
            bytes.append(plain: token)
            bytes.append(literal: "\n")
        }
        bytes.append(literal: "data: ")
    }

    private static func append(records: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(literal: "{\"records\":[")
        bytes.append(bytes: records)
        bytes.append(literal: "]")
    }
}
