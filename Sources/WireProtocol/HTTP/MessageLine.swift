import LogModel

/// Messages as lines of an `application/x-ndjson` stream: each record is a line, and after the records of a
/// message a line with the token says that they are complete. A line `{"more":true}` only says that there will be more.
enum MessageLine {
    static func append(_ message: ServerMessage, to bytes: inout [UInt8]) {
        switch message {
        case .subscribed(let token, let plan):
            Self.begin(token: token, to: &bytes)
            bytes.append(literal: ",\"plan\":\"")
            bytes.append(plain: plan.rawValue)
            bytes.append(literal: "\"}\n")
        case .subscribedWithSnapshot(let plan, let reason):
            bytes.append(literal: "{\"plan\":\"")
            bytes.append(plain: plan.rawValue)
            bytes.append(literal: "\",\"snapshot\":\"")
            bytes.append(plain: reason.rawValue)
            bytes.append(literal: "\"}\n")
        case .unsubscribed:
            break
        case .changes(let records, let token):
            Self.append(records: records, token: token, isPartial: false, to: &bytes)
        case .snapshot(let records, let token, let isPartial):
            Self.append(records: records, token: token, isPartial: isPartial, to: &bytes)
        case .covered(let token, let isLive):
            Self.begin(token: token, to: &bytes)
            bytes.append(literal: isLive ? ",\"live\":true}\n" : "}\n")
        case .reset(let reason, let message):
            bytes.append(literal: "{\"reset\":\"")
            bytes.append(plain: reason.rawValue)
            bytes.append(literal: "\",\"message\":")
            bytes.append(quoting: message)
            bytes.append(literal: "}\n")
        }
    }

    private static func append(
        records: [UInt8], token: String?, isPartial: Bool, to bytes: inout [UInt8]
    ) {
        if !records.isEmpty {
            bytes.append(bytes: records)
            bytes.append(literal: "\n")
        }
        guard let token else {
            // A part that has nothing yet says so, for those who wait.
            if records.isEmpty { bytes.append(literal: "{\"more\":true}\n") }
            return
        }
        Self.begin(token: token, to: &bytes)
        bytes.append(literal: isPartial ? ",\"partial\":true}\n" : "}\n")
    }

    private static func begin(token: String, to bytes: inout [UInt8]) {
        bytes.append(literal: "{\"token\":\"")
        bytes.append(plain: token)
        bytes.append(literal: "\"")
    }
}
