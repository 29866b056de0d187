import WireProtocol

/// What a server says in the dialect `livelog.producer.v1` (`docs/protocol/producer-v1.md`).
package enum ProducerAnswer: Hashable, Sendable {
    /// The batch with this number is in the log.
    case receipt(UInt64, Receipt)
    /// Nothing of the batch with this number was appended; `change` is the index of the change that is to blame.
    case refused(UInt64, Problem, change: Int?)
    /// The client does not speak the dialect; the connection ends.
    case error(Problem)

    /// Reads a text message.
    ///
    /// - Throws: `protocol-violation` if it is none of them.
    package init(decoding text: [UInt8]) throws(ClientError) {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: text)
        } catch {
            throw .violation("a message is not JSON: \(error.message)")
        }
        func number(_ name: String) -> UInt64? {
            document.member(name, of: document.root).flatMap(document.unsignedInteger)
        }
        func string(_ name: String) -> String? {
            document.member(name, of: document.root).flatMap(document.string)
        }
        func problem(_ code: String) -> Problem {
            Problem(status: nil, code: code, detail: string("message") ?? code)
        }
        if let number = number("receipt"), let receipt = Receipt(document) {
            self = .receipt(number, receipt)
        } else if let refused = number("refused"), let code = string("code") {
            self = .refused(
                refused, problem(code), change: number("change").flatMap(Int.init(exactly:)))
        } else if let code = string("error") {
            self = .error(problem(code))
        } else {
            throw .violation("a message is no answer to a producer")
        }
    }
}
