package import LogModel
package import WireProtocol

/// What a client of the dialect `livelog.producer.v1` holds open: its name, and the batches without answer.
///
/// A pure state machine: messages and outcomes go in, steps and bytes come out. Answers leave in the order of
/// the batches, whatever the order in which they become known: a batch that was refused at once waits for
/// the receipts of those before it.
///
///     open --> ending --> over        open: takes messages; ending: answers what it has taken; over: closes
///
/// Invariants:
/// - `unanswered` holds at most ``ProducerLimits/unansweredMax`` batches and one last error;
/// - the numbers of its batches rise;
/// - its first element has no answer yet, or the list is empty.
package struct ProducerSession: Sendable {
    /// What whoever runs the session must do with a message.
    package enum Step: Hashable, Sendable {
        /// Read these bytes of the message as one batch, submit it, and say what came of it.
        case submit(number: UInt64, changes: Range<Int>)
        /// Nothing.
        case nothing
    }

    /// How the connection ends, once everything is answered.
    package struct Ending: Hashable, Sendable {
        /// The close code.
        package let code: CloseCode
        /// The reason, at most 123 bytes.
        package let reason: String
    }

    private struct Slot {
        /// Nil: what answers a message that is no batch.
        let number: UInt64?
        var answer: Producer1Answer?
    }

    private let limits: ProducerLimits
    /// The producer's name, if it gave one.
    package private(set) var name: String?
    /// Batches that got a receipt.
    package private(set) var receiptCount = 0
    /// Batches that were refused.
    package private(set) var refusedCount = 0
    /// The codes of what was refused since they were taken the last time.
    private var refusals: [String] = []
    /// Framed bytes for the socket.
    package var outbox: [UInt8] = []
    /// Why the session takes no more messages.
    private var ending: Ending?
    private var lastNumber: UInt64?
    private var unanswered: [Slot] = []
    /// Where `unanswered` begins: what is before was answered and sent.
    private var head = 0

    /// Creates a session that has taken no message.
    package init(limits: ProducerLimits) {
        self.limits = limits
    }

    /// Batches that were taken and not answered.
    package var unansweredCount: Int { self.unanswered.count - self.head }

    /// Whether ``receive(_:)`` may be called: otherwise messages wait in the socket.
    package var canTakeMore: Bool {
        self.ending == nil && self.unansweredCount < self.limits.unansweredMax
    }

    /// How the connection is to be closed now, after what is in `outbox`; nil while it goes on.
    package var closing: Ending? { self.unansweredCount == 0 ? self.ending : nil }

    /// Takes a text message of the client. What comes after the session has begun to end is ignored.
    package mutating func receive(_ message: [UInt8]) -> Step {
        guard self.ending == nil else { return .nothing }
        do throws(Producer1Error) {
            switch try Producer1Message(message) {
            case .producer(let name):
                guard self.name == nil, self.lastNumber == nil else {
                    throw Producer1Error(
                        code: "producer-too-late",
                        message: "\"producer\" comes once, before the first batch")
                }
                self.name = name
                return .nothing
            case .batch(let number, let changes):
                try self.begin(number)
                return .submit(number: number, changes: changes)
            case .unreadable(let number, let refusal):
                try self.begin(number)
                self.refuse(number, refusal)
                return .nothing
            }
        } catch {
            self.end(with: error)
            return .nothing
        }
    }

    /// Takes a binary message, which the dialect does not have.
    package mutating func receiveBinary() {
        guard self.ending == nil else { return }
        self.end(
            with: Producer1Error(code: "not-text", message: "messages are text frames with JSON"))
    }

    /// Notes that a batch is in the log.
    package mutating func acknowledge(_ number: UInt64, _ receipt: Receipt) {
        self.answer(number, .receipt(number, receipt))
    }

    /// Notes that nothing of a batch was appended; those after it go on.
    package mutating func refuse(_ number: UInt64, _ refusal: Producer1Refusal) {
        self.answer(number, .refused(number, refusal))
    }

    /// Notes that nothing of a batch was appended and nothing after it will be: the connection ends when all
    /// that was taken is answered.
    package mutating func fail(
        _ number: UInt64, _ refusal: Producer1Refusal, with code: CloseCode, reason: String
    ) {
        self.end(code, reason: reason)
        self.answer(number, .refused(number, refusal))
    }

    /// The codes of batches that were refused, and of errors, since the last call.
    package mutating func takeRefusals() -> [String] {
        let taken = self.refusals
        self.refusals = []
        return taken
    }

    /// Takes no more messages, and ends when all that was taken is answered.
    package mutating func end(_ code: CloseCode, reason: String) {
        if self.ending == nil { self.ending = Ending(code: code, reason: reason) }
    }

    private mutating func begin(_ number: UInt64) throws(Producer1Error) {
        if let lastNumber, number <= lastNumber {
            throw Producer1Error(
                code: "batch-not-rising",
                message: "batch \(number) came after \(lastNumber): a connection's numbers rise")
        }
        self.lastNumber = number
        self.unanswered.append(Slot(number: number))
    }

    private mutating func end(with error: Producer1Error) {
        self.end(.policyViolation, reason: error.code)
        self.refusals.append(error.code)
        self.unanswered.append(Slot(number: nil, answer: .error(error)))
        self.sendAnswered()
    }

    private mutating func answer(_ number: UInt64, _ answer: Producer1Answer) {
        guard let index = self.index(of: number) else {
            preconditionFailure("batch \(number) does not wait for an answer")
        }
        switch answer {
        case .receipt: self.receiptCount += 1
        case .refused(_, let refusal):
            self.refusedCount += 1
            self.refusals.append(refusal.code)
        case .error(let error): self.refusals.append(error.code)
        }
        self.unanswered[index].answer = answer
        self.sendAnswered()
    }

    /// Where the batch waits: numbers rise, so it is found in a few steps.
    private func index(of number: UInt64) -> Int? {
        var low = self.head
        var high = self.unanswered.count
        while low < high {
            let middle = (low + high) / 2
            // What has no number is last.
            if self.unanswered[middle].number.map({ $0 < number }) ?? false {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < self.unanswered.count, self.unanswered[low].number == number else { return nil }
        return low
    }

    private mutating func sendAnswered() {
        while self.head < self.unanswered.count, let answer = self.unanswered[self.head].answer {
            answer.append(to: &self.outbox)
            self.head += 1
        }
        if self.head == self.unanswered.count {
            self.unanswered.removeAll(keepingCapacity: true)
            self.head = 0
        } else if self.head >= self.limits.unansweredMax {
            self.unanswered.removeFirst(self.head)
            self.head = 0
        }
    }
}
