/// What the server sends in the dialect `livelog.v1`, as JSON text. None has a top-level member `model`, so
/// that clients of other dialects ignore it.
package enum Livelog1Message {
    /// `{"subscribed":7,"token":"…"}`: the subscription begins at `token`.
    package static func subscribed(_ id: UInt64, token: String) -> [UInt8] {
        Array("{\"subscribed\":\(id),\"token\":\"\(token)\"}".utf8)
    }

    /// `{"unsubscribed":7}`: nothing more comes for it.
    package static func unsubscribed(_ id: UInt64) -> [UInt8] {
        Array("{\"unsubscribed\":\(id)}".utf8)
    }

    /// `{"covered":7,"token":"…"}`: everything that matches below `token` was sent; with `"live":true` when
    /// the subscription has caught up.
    package static func covered(_ id: UInt64, token: String, isLive: Bool) -> [UInt8] {
        let live = isLive ? ",\"live\":true" : ""
        return Array("{\"covered\":\(id),\"token\":\"\(token)\"\(live)}".utf8)
    }

    /// `{"reset":7,"reason":"…","message":"…"}`: it cannot resume, and is over.
    package static func reset(_ id: UInt64, reason: String, message: String) -> [UInt8] {
        var json = Array("{\"reset\":\(id),\"reason\":\"\(reason)\",\"message\":".utf8)
        JSONText.append(string: message, to: &json)
        json.append(UInt8(ascii: "}"))
        return json
    }

    /// `{"error":7,"code":"…","message":"…"}`: a message was refused.
    package static func error(_ error: Livelog1Error) -> [UInt8] {
        var json = Array("{\"error\":".utf8)
        json.append(contentsOf: (error.id.map { String($0) } ?? "null").utf8)
        json.append(contentsOf: ",\"code\":\"\(error.code)\",\"message\":".utf8)
        JSONText.append(string: error.message, to: &json)
        json.append(UInt8(ascii: "}"))
        return json
    }

    /// Appends a frame with `{"changes":7,"token":"…","records":[…]}`: whole batches; `token` resumes after
    /// them. `records` holds the records' JSON, joined by commas.
    package static func appendChangesFrame(
        _ id: UInt64, token: String, records: [UInt8], to bytes: inout [UInt8]
    ) {
        let head = "{\"changes\":\(id),\"token\":\"\(token)\",\"records\":["
        let count = head.utf8.count + records.count + 2
        OutboundFrame.appendTextHeader(count: count, to: &bytes)
        bytes.append(contentsOf: head.utf8)
        bytes.append(contentsOf: records)
        bytes.append(UInt8(ascii: "]"))
        bytes.append(UInt8(ascii: "}"))
    }
}
