import LogModel
import Sessions
import WireProtocol

/// A producer's session and whoever runs it, without a log and without a socket: batches are read, and
/// those that are changes wait until the test says what came of them.
struct ProducerFixture {
    static let epoch = Epoch(0x8d3e_0c4e_5377_2637)

    var session: ProducerSession
    /// The batches that were handed to the log, with the number of their changes.
    private(set) var submitted: [(number: UInt64, count: Int)] = []

    init(limits: ProducerLimits = ProducerLimits()) {
        self.session = ProducerSession(limits: limits)
    }

    /// Lets the client say something.
    mutating func receive(_ text: String) {
        let message = Array(text.utf8)
        guard case .submit(let number, let part) = self.session.receive(message) else { return }
        var reader = ChangeReader()
        do throws(ChangeError) {
            let changes = try reader.read(message, in: part, as: .json, batching: .atomic)
            self.submitted.append((number, changes.list.count))
        } catch {
            self.session.refuse(number, Producer1Refusal(error))
        }
    }

    /// The messages that were put into the outbox since the last call.
    mutating func takeMessages() -> [String] {
        var messages: [String] = []
        var rest = self.session.outbox[...]
        self.session.outbox = []
        while let first = rest.first {
            guard first == 0x81, rest.count >= 2 else { return ["not a text frame"] }
            var count = Int(rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
            if count == 126 {
                count = rest.prefix(2).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(2)
            }
            messages.append(String(decoding: rest.prefix(count), as: UTF8.self))
            rest = rest.dropFirst(count)
        }
        return messages
    }

    /// A message with a batch of one change.
    static func batch(_ number: UInt64) -> String {
        #"{"batch":\#(number),"changes":[{"model":"m","action":"CREATED","instance":{"id":\#(number)}}]}"#
    }

    /// A receipt of one record.
    static func receipt(at offset: UInt64) -> Receipt {
        Receipt(
            epoch: Self.epoch, first: Offset(offset), last: Offset(offset), isDurable: true,
            isRepeated: false)
    }
}
