import LogFormat
import LogModel
import Sessions
import TestSupport
import WireProtocol

/// A session, and whoever runs it, without a log and without a socket.
struct SessionFixture {
    var session: Session
    private var renderer = RecordRenderer()

    init(_ dialect: Session.Dialect, limits: SessionLimits = SessionLimits()) {
        self.session = Session(dialect: dialect, limits: limits, hasher: SampleRecord.hasher)
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

    /// Lets the client say something. Returns the actions as text: `start 0`, `stop 1`.
    mutating func receive(_ text: String) -> [String] {
        self.session.receive(Array(text.utf8)).map { action in
            switch action {
            case .start(let slot): "start \(slot)"
            case .stop(let slot): "stop \(slot)"
            }
        }
    }

    /// Subscribes, and makes the subscription live at `next`.
    mutating func goLive(_ text: String, at next: UInt64 = 0) {
        let slots = self.session.receive(Array(text.utf8)).compactMap { action in
            if case .start(let slot) = action { slot } else { nil }
        }
        for slot in slots {
            self.session.begin(slot, at: Offset(next), token: "B\(next)")
            self.session.becomeLive(slot, token: "B\(next)")
        }
        self.session.outbox = []
    }

    /// Gives a record with one group to the subscription in `slot`.
    mutating func deliver(
        _ offset: UInt64, to slot: Int = 0, _ membership: Membership = .entered,
        _ action: Action = .created, pad: Int = 0
    ) {
        let text = String(repeating: "x", count: pad)
        let sample = SampleRecord(
            action, model: "m", key: .number(1), offset: Offset(offset),
            groups: [.init("p", .number(1), membership)], instance: "{\"a_b\":\"\(text)\"}")
        self.session.deliver(sample.view, sample.view.group(0), to: slot, by: &self.renderer)
    }

    mutating func endBatch(_ next: UInt64, isForced: Bool = false) {
        self.session.endBatch(next: Offset(next), token: "T\(next)", isForced: isForced)
    }
}
