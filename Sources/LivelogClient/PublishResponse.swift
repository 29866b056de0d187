import WireProtocol

/// What a server's answer to a batch means. Pure.
package enum PublishResponse: Hashable, Sendable {
    /// The batch is in the log.
    case receipt(Receipt)
    /// Trying again may help, and not before `retryAfter` if the server says so.
    case temporary(ClientError, retryAfter: Duration?)
    /// The same batch will be refused again.
    case refused(ClientError)

    /// Reads an answer.
    ///
    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - retryAfter: the value of the `Retry-After` header, if there is one.
    ///   - body: the answer's body.
    package init(status: Int, retryAfter: String?, body: [UInt8]) {
        if status == 200 {
            if let receipt = Receipt(json: body) {
                self = .receipt(receipt)
            } else {
                self = .refused(.violation("its receipt is not one"))
            }
            return
        }
        let problem = Problem(status: status, body: body)
        switch status {
        case 408, 429, 500, 502, 503, 504, 507:
            let error = ClientError(
                .unavailable, "the server cannot take it now: \(problem.detail)", problem: problem)
            // The other form of the header, a date, is not worth a calendar: the backoff is enough.
            let seconds = retryAfter.flatMap { UInt16($0) }
            self = .temporary(error, retryAfter: seconds.map { .seconds(Int($0)) })
        default:
            self = .refused(
                ClientError(.refused, "the server refused it: \(problem.detail)", problem: problem))
        }
    }
}

extension Receipt {
    /// Reads a receipt, or returns nil if it is not one.
    package init?(json: [UInt8]) {
        guard let document = try? JSONDocument(parsing: json) else { return nil }
        self.init(document)
    }

    /// Reads a receipt, among whatever else the object has, or returns nil if it has none.
    init?(_ document: JSONDocument) {
        func number(_ name: String) -> UInt64? {
            document.member(name, of: document.root).flatMap { document.unsignedInteger($0) }
        }
        func flag(_ name: String) -> Bool {
            document.member(name, of: document.root).flatMap { document.boolean($0) } ?? false
        }
        let epoch = document.member("epoch", of: document.root).flatMap { document.string($0) }
        guard let epoch, let first = number("first"), let last = number("last"),
            let count = number("count").flatMap({ Int(exactly: $0) })
        else { return nil }
        self.init(
            epoch: epoch, first: first, last: last, count: count, isDurable: flag("durable"),
            isRepeated: flag("repeated"))
    }
}

extension Problem {
    /// Reads problem details (RFC 9457), or makes the best of another body.
    package init(status: Int, body: [UInt8]) {
        let fallback = "HTTP status \(status)"
        guard let document = try? JSONDocument(parsing: body) else {
            self.init(status: status, code: nil, detail: fallback)
            return
        }
        func text(_ name: String) -> String? {
            document.member(name, of: document.root).flatMap { document.string($0) }
        }
        let line = document.member("line", of: document.root)
            .flatMap { document.unsignedInteger($0) }
            .flatMap { Int(exactly: $0) }
        self.init(
            status: status, code: text("code"),
            detail: text("detail") ?? text("title") ?? fallback, line: line)
    }
}
