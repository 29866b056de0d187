import LogFormat
import LogModel
import Matching
import Sessions
import WireProtocol

/// Text messages to sessions of all dialects, and to a producer's: whatever comes, what goes out is whole frames
/// with JSON in them.
enum SessionsTarget {
    private static let subscriptionsMax = 4
    private static let hasher = GroupHasher(key: SipHash.Key(low: 1, high: 2))

    /// The first byte of `input` chooses the dialect; the rest are messages, each on a line.
    static func run(_ input: [UInt8]) -> Int {
        guard let choice = input.first else { return 0 }
        let messages = input[1...].split(separator: UInt8(ascii: "\n")).map { Array($0) }
        return switch choice % 3 {
        case 0: Self.subscriber(.livelog1, messages)
        case 1: Self.subscriber(.restLive, messages)
        default: Self.producer(messages)
        }
    }

    private static func subscriber(_ dialect: Dialect, _ messages: [[UInt8]]) -> Int {
        var limits = SessionLimits()
        limits.subscriptionsMax = Self.subscriptionsMax
        var session = Session(dialect: dialect, limits: limits)
        var output: [UInt8] = []
        for (number, message) in messages.enumerated() {
            for action in session.receive(message, output: &output) {
                guard let slot = Self.started(action, number, &session, &output) else { continue }
                let filter = session.subscriptions[slot].request.filter
                if number % 3 == 2 {
                    session.refuse(slot, .retained, "not kept", output: &output)
                } else {
                    let predicate = Predicate(filter, hasher: Self.hasher)
                    session.begin(
                        slot, at: Offset(UInt64(number)), predicate, token: "token",
                        output: &output)
                    session.becomeLive(slot, token: "token", output: &output)
                }
            }
            require(
                session.subscriptions.count <= Self.subscriptionsMax, "too many subscriptions")
            Self.checkRequest(message)
        }
        _ = session.receiveBinary(output: &output)
        return Self.checkFrames(output)
    }

    /// The slot of a subscription that is to begin, if `action` is about one. Half of the instances that are asked for
    /// are there.
    private static func started(
        _ action: Session.Action, _ number: Int, _ session: inout Session, _ output: inout [UInt8]
    ) -> Int? {
        switch action {
        case .start(let slot): return slot
        case .retrieve(let slot, let condition):
            guard number % 2 == 0 else {
                _ = session.refuseUnknownInstance(slot, output: &output)
                return nil
            }
            session.narrow(slot, to: condition)
            return slot
        default: return nil
        }
    }

    /// A request that is understood is one that can be said.
    private static func checkRequest(_ message: [UInt8]) {
        guard let request = try? Livelog1Request(message) else { return }
        require((try? Livelog1Request(request.json)) == request, "it is said in another way")
    }

    private static func producer(_ messages: [[UInt8]]) -> Int {
        var limits = ProducerLimits()
        limits.unansweredMax = 3
        var session = ProducerSession(limits: limits)
        var reader = ChangeReader()
        var waiting: [UInt64] = []
        for message in messages where session.canTakeMore {
            guard case .submit(let number, let part) = session.receive(message) else { continue }
            require(
                part.lowerBound >= 0 && part.upperBound <= message.count,
                "the changes are not in the message")
            do throws(ChangeError) {
                _ = try reader.read(message, in: part, as: .json, batching: .atomic)
                waiting.append(number)
            } catch {
                session.refuse(number, Producer1Refusal(error))
            }
            if waiting.count == 2 { Self.acknowledge(&waiting, &session) }
        }
        Self.acknowledge(&waiting, &session)
        session.receiveBinary()
        require(session.unansweredCount == 0, "a batch got no answer")
        require(session.closing != nil, "the session does not end")
        return Self.checkFrames(session.outbox)
    }

    /// The last one first: answers leave in order all the same.
    private static func acknowledge(_ waiting: inout [UInt64], _ session: inout ProducerSession) {
        while let number = waiting.popLast() {
            let receipt = Receipt(
                epoch: Epoch(1), first: .zero, last: .zero, isDurable: true, isRepeated: false)
            session.acknowledge(number, receipt)
        }
    }

    /// Traps if `bytes` is not a sequence of text frames that each hold JSON. Returns how many there are.
    private static func checkFrames(_ bytes: [UInt8]) -> Int {
        var rest = bytes[...]
        var count = 0
        while let first = rest.popFirst() {
            require(first == 0x81, "this is no whole text frame")
            var length = Int(rest.popFirst() ?? 0)
            if length >= 126 {
                let width = length == 126 ? 2 : 8
                length = rest.prefix(width).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(width)
            }
            require(length <= rest.count, "a frame is cut off")
            require(
                JSONReference.read(Array(rest.prefix(length))) != nil, "a message is not JSON")
            rest = rest.dropFirst(length)
            count += 1
        }
        return count
    }
}
