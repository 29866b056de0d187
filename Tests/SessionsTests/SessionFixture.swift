import Access
import LogFormat
import LogModel
import Matching
import Sessions
import TestSupport
import WireProtocol

/// A session, and whoever runs it, without a log and without a socket.
struct SessionFixture {
    var session: Session
    /// What the session has said since ``takeMessages()``.
    private(set) var output: [UInt8] = []

    init(
        _ dialect: Dialect, reader: Reader = .unlimited, limits: SessionLimits = SessionLimits(),
        restLive: RestLiveOptions = RestLiveOptions()
    ) {
        self.session = Session(
            dialect: dialect, reader: reader, limits: limits, restLive: restLive)
    }

    /// The messages that the session has said since the last call.
    mutating func takeMessages() -> [String] {
        defer { self.output = [] }
        return TextFrames.texts(in: self.output)
    }

    /// Lets the client say something. Returns the actions as text: `start 0`, `stop 1 live`.
    mutating func receive(_ text: String) -> [String] {
        Self.words(self.session.receive(Array(text.utf8), output: &self.output))
    }

    @discardableResult
    mutating func receiveBinary() -> [String] {
        Self.words(self.session.receiveBinary(output: &self.output))
    }

    private static func words(_ actions: [Session.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .start(let slot): "start \(slot)"
            case .retrieve(let slot, let condition):
                "retrieve \(slot) by \(condition.property) \(condition.test)"
            case .stop(let slot, let phase): "stop \(slot) \(phase)"
            case .authenticate: "authenticate"
            case .refused(let code): "refused \(code)"
            case .close(let reason): "close: \(reason)"
            }
        }
    }

    /// Begins the subscription in `slot`.
    mutating func begin(
        _ slot: Int = 0, at next: UInt64, as phase: Subscription.Phase = .lagging
    ) {
        let filter = self.session.subscriptions[slot].request.filter
        self.session.begin(
            slot, at: Offset(next), as: phase, Predicate(filter, hasher: SampleRecord.hasher),
            token: "T\(next)", output: &self.output)
    }

    /// Begins the subscription in `slot` with a snapshot, which is made as of `end`.
    mutating func beginWithSnapshot(_ slot: Int = 0, at end: UInt64) {
        let filter = self.session.subscriptions[slot].request.filter
        self.session.beginWithSnapshot(
            slot, at: .zero, Predicate(filter, hasher: SampleRecord.hasher), reason: .budget,
            output: &self.output)
        self.session.beginSummary(slot, at: Offset(end))
    }

    mutating func becomeLive(_ slot: Int = 0, at next: UInt64) {
        self.session.becomeLive(slot, token: "T\(next)", output: &self.output)
    }

    mutating func refuse(_ slot: Int = 0, _ reason: ResetReason, _ message: String) {
        self.session.refuse(slot, reason, message, output: &self.output)
    }

    mutating func tellProgress() {
        self.session.tellProgress(
            token: { "C\($0)" }, followed: .zero, ticksMax: 1, output: &self.output)
    }

    /// Subscribes, and makes the subscription live at `next`.
    mutating func goLive(_ text: String, at next: UInt64 = 0) {
        let slots = self.session.receive(Array(text.utf8), output: &self.output).compactMap {
            if case .start(let slot) = $0 { slot } else { nil }
        }
        for slot in slots {
            self.begin(slot, at: next)
            self.becomeLive(slot, at: next)
        }
        self.output = []
    }
}

/// Reads what a server writes (RFC 6455 section 5.2).
enum TextFrames {
    /// The texts of the frames in `bytes`; whatever is no whole unfragmented text frame is named as such.
    static func texts(in bytes: [UInt8]) -> [String] {
        var messages: [String] = []
        var rest = bytes[...]
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
}
