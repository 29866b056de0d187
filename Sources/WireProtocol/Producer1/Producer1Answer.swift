package import LogModel

/// What the server says to a client of the dialect `livelog.producer.v1`, each a whole text frame.
///
///     {"receipt":17,"epoch":"…","first":12,"last":13,"count":2,"durable":true}
///     {"refused":17,"code":"…","message":"…","change":3}
///     {"error":"…","message":"…"}
///
/// The document is docs/protocol/producer-v1.md.
package enum Producer1Answer: Hashable, Sendable {
    /// The batch is in the log.
    case receipt(UInt64, Receipt)
    /// Nothing of the batch was appended.
    case refused(UInt64, Producer1Refusal)
    /// The client does not speak the dialect; the connection ends.
    case error(Producer1Error)

    /// Appends the answer as a WebSocket frame.
    package func append(to bytes: inout [UInt8]) {
        var json: [UInt8] = []
        switch self {
        case .receipt(let number, let receipt):
            json.append(contentsOf: "{\"receipt\":\(number),".utf8)
            // The receipt of HTTP is an object on a line of its own.
            json.append(contentsOf: receipt.json.dropFirst().dropLast())
        case .refused(let number, let refusal):
            json.append(
                contentsOf: "{\"refused\":\(number),\"code\":\"\(refusal.code)\",\"message\":".utf8)
            JSONText.append(string: refusal.message, to: &json)
            if let change = refusal.change {
                json.append(contentsOf: ",\"change\":\(change)".utf8)
            }
            json.append(UInt8(ascii: "}"))
        case .error(let error):
            json.append(contentsOf: "{\"error\":\"\(error.code)\",\"message\":".utf8)
            JSONText.append(string: error.message, to: &json)
            json.append(UInt8(ascii: "}"))
        }
        OutboundFrame.append(text: json, to: &bytes)
    }
}

/// Why a batch was refused.
package struct Producer1Refusal: Hashable, Sendable {
    /// What is wrong: stable, for programs; the codes of HTTP's problem documents.
    package let code: String
    /// What is wrong and what to do, for people.
    package let message: String
    /// Which change of the batch is to blame, from 0, where that is known.
    package let change: Int?

    /// Creates a refusal.
    package init(code: String, message: String, change: Int? = nil) {
        self.code = code
        self.message = message
        self.change = change
    }

    /// Changes that cannot be accepted.
    package init(_ error: ChangeError) {
        self.init(code: error.code, message: error.message, change: error.change)
    }
}
