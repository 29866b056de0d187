import LogModel

/// What the server sends in the dialect `livelog.v1`. None has a top-level member `model`, so that clients of
/// other dialects ignore it.
package enum Livelog1Message {
    /// Something about the subscription with this number.
    case about(UInt64, ServerMessage)
    /// `{"error":7,"code":"…","message":"…"}`
    case error(Livelog1Error)

    /// `{"authenticated":"7","expires":1795000000}`; without `expires` for ever.
    case authenticated(subject: String, expiry: Int64?)

    /// Appends the message as a WebSocket text frame.
    package func appendFrame(to bytes: inout [UInt8]) {
        var counter = ByteCounter()
        self.write(to: &counter)
        OutboundFrame.appendTextHeader(count: counter.count, to: &bytes)
        let start = bytes.count
        self.write(to: &bytes)
        assert(bytes.count - start == counter.count, "a frame is as long as its header says")
    }

    private func write(to sink: inout some ByteSink) {
        switch self {
        case .about(let id, let message): Self.write(message, id, to: &sink)
        case .error(let error):
            sink.append(literal: "{\"error\":")
            if let id = error.id {
                sink.append(decimal: id)
            } else {
                sink.append(literal: "null")
            }
            sink.append(literal: ",\"code\":\"")
            sink.append(plain: error.code)
            sink.append(literal: "\",\"message\":")
            sink.append(quoting: error.message)
            sink.append(literal: "}")
        case .authenticated(let subject, let expiry):
            sink.append(literal: "{\"authenticated\":")
            sink.append(quoting: subject)
            if let expiry {
                sink.append(literal: ",\"expires\":")
                sink.append(plain: String(expiry))
            }
            sink.append(literal: "}")
        }
    }

    private static func write(
        _ message: ServerMessage, _ id: UInt64, to sink: inout some ByteSink
    ) {
        switch message {
        case .subscribed(let token, let plan):
            Self.begin("{\"subscribed\":", id, token: token, to: &sink)
            Self.write(plan: plan.rawValue, to: &sink)
        case .subscribedWithSnapshot(let plan, let reason):
            Self.begin("{\"subscribed\":", id, token: nil, to: &sink)
            Self.write(plan: plan.rawValue, to: &sink)
            sink.append(literal: ",\"snapshot\":\"")
            sink.append(plain: reason.rawValue)
            sink.append(literal: "\"")
        case .unsubscribed:
            Self.begin("{\"unsubscribed\":", id, token: nil, to: &sink)
        case .changes(let records, let token):
            Self.begin("{\"changes\":", id, token: token, to: &sink)
            Self.write(records: records, to: &sink)
            if token == nil { sink.append(literal: ",\"more\":true") }
        case .snapshot(let records, let token, let isPartial):
            Self.begin("{\"snapshot\":", id, token: nil, to: &sink)
            Self.write(records: records, to: &sink)
            Self.write(token: token, to: &sink)
            if token == nil {
                sink.append(literal: ",\"more\":true")
            } else if isPartial {
                sink.append(literal: ",\"partial\":true")
            }
        case .covered(let token, let isLive):
            Self.begin("{\"covered\":", id, token: token, to: &sink)
            if isLive { sink.append(literal: ",\"live\":true") }
        case .reset(let reason, let message):
            Self.begin("{\"reset\":", id, token: nil, to: &sink)
            sink.append(literal: ",\"reason\":\"")
            sink.append(plain: reason.rawValue)
            sink.append(literal: "\",\"message\":")
            sink.append(quoting: message)
        }
        sink.append(literal: "}")
    }

    private static func begin(
        _ head: StaticString, _ id: UInt64, token: String?, to sink: inout some ByteSink
    ) {
        sink.append(literal: head)
        sink.append(decimal: id)
        self.write(token: token, to: &sink)
    }

    private static func write(token: String?, to sink: inout some ByteSink) {
        guard let token else { return }
        sink.append(literal: ",\"token\":\"")
        sink.append(plain: token)
        sink.append(literal: "\"")
    }

    private static func write(plan: String, to sink: inout some ByteSink) {
        sink.append(literal: ",\"plan\":\"")
        sink.append(plain: plan)
        sink.append(literal: "\"")
    }

    private static func write(records: [UInt8], to sink: inout some ByteSink) {
        sink.append(literal: ",\"records\":[")
        sink.append(bytes: records)
        sink.append(literal: "]")
    }
}
