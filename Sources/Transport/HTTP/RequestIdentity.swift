import Access
import HTTPTypes
import LogModel
import LogStorage
import WireProtocol

/// Reads who submits a request, and which of his submissions it is, from its headers.
///
///     Idempotency-Key: 1 to 255 visible characters; the same key is the same submission
///     Livelog-Producer: 1 to 128 visible characters, with
///     Livelog-Sequence: a number that rises from submission to submission
enum RequestIdentity {
    private static let keyCountMax = 255
    private static let producerCountMax = Producer1Message.nameCountMax

    /// The identity, or nil if the request has none. Names and keys are each principal's own.
    static func producer(
        of headers: HTTPFields, _ principal: Principal
    ) throws(Problem) -> ProducerIdentity? {
        let key = self.value("Idempotency-Key", in: headers)
        let name = self.value("Livelog-Producer", in: headers)
        let sequence = self.value("Livelog-Sequence", in: headers)
        switch (key, name, sequence) {
        case (nil, nil, nil): return nil
        case (let key?, nil, nil):
            try self.check(key, "Idempotency-Key", countMax: self.keyCountMax)
            return ProducerIdentity(id: self.digest("key", key, principal), sequence: 0)
        case (nil, let name?, let sequence?):
            try self.check(name, "Livelog-Producer", countMax: self.producerCountMax)
            guard let number = UInt64(sequence) else {
                throw self.problem("Livelog-Sequence is a number from 0 to 18446744073709551615")
            }
            return ProducerIdentity(id: self.producerID(name, of: principal), sequence: number)
        default:
            throw self.problem(
                "send Idempotency-Key alone, or Livelog-Producer and Livelog-Sequence together")
        }
    }

    /// What the log's records carry of the producer `name`, over whatever protocol it submits.
    static func producerID(_ name: String, of principal: Principal) -> ProducerIdentity.ID {
        self.digest("producer", name, principal)
    }

    private static func value(_ name: String, in headers: HTTPFields) -> String? {
        HTTPField.Name(name).flatMap { headers[$0] }
    }

    private static func check(_ text: String, _ name: String, countMax: Int) throws(Problem) {
        guard (1...countMax).contains(text.utf8.count),
            text.utf8.allSatisfy({ (33...126).contains($0) })
        else { throw self.problem("\(name) has 1 to \(countMax) visible ASCII characters") }
    }

    /// Keys and producers of one name are not the same, and neither are those of two principals.
    private static func digest(
        _ kind: String, _ text: String, _ principal: Principal
    ) -> ProducerIdentity.ID {
        // A name has no space.
        let owner = principal.isAuthenticated ? " \(principal.origin) \(principal.subject)" : ""
        let digest = Machine.digest(of: Array("\(kind) \(text)\(owner)".utf8))
        return ProducerIdentity.ID(low: digest.low, high: digest.high)
    }

    private static func problem(_ detail: String) -> Problem {
        Problem(status: 400, code: "invalid-identity", title: "Invalid header", detail: detail)
    }
}
