package import Access
package import LogModel
package import LogStorage
package import Matching
import Sessions
package import WireProtocol

/// A subscription as a server makes it of a client's message: by the same session that answers clients.
package struct AskedSubscription: Sendable {
    /// Who asks, with what the log grants them.
    package let reader: Reader
    /// What became of the request.
    package let outcome: Outcome
    /// Why the rights by the log are not those that were asked for; nil if they are.
    package let grantsFailure: String?
    /// The place as of which the log grants; nil if it grants them nothing at any place.
    package let grantsBefore: Offset?

    /// What became of a request.
    package enum Outcome: Sendable {
        /// It is answered with this message, and that is all. Nil if its client is not even answered.
        case refused(answer: String?)
        /// There is a subscription.
        case made(Made)
    }

    /// A subscription that there is.
    package struct Made: Sendable {
        /// The client's number for it.
        package let id: UInt64
        /// How its records are told.
        package let form: RecordForm
        /// What is asked for, as far as it is seen.
        package let request: SubscriptionRequest
        /// The same, made ready for the log.
        package let predicate: Predicate
        /// Whether it is of one instance, which the server looks up when it is asked.
        package let isRetrieved: Bool
    }

    /// Lets a session of `reader` take `message`.
    ///
    /// - Parameter place: what the records below it grant counts.
    package init(
        _ message: SubscriptionMessage, by reader: Reader, in log: ChangeLog,
        grantedBefore place: Offset
    ) {
        let granted = GrantedReader(reader, in: log, before: place)
        self.reader = granted.reader
        self.grantsFailure = granted.failure
        self.grantsBefore = granted.place
        var session = Session(
            dialect: message.dialect, reader: granted.reader, limits: SessionLimits())
        var output: [UInt8] = []
        let actions = session.receive(message.bytes, output: &output)
        var isRetrieved = false
        for action in actions {
            if case .retrieve(let slot, let condition) = action {
                isRetrieved = true
                session.narrow(slot, to: condition)
            }
        }
        guard let subscription = session.subscriptions.first, subscription.phase == .starting else {
            self.outcome = .refused(answer: Self.text(ofFrame: output))
            return
        }
        let predicate = Predicate(subscription.request.filter, hasher: log.hasher) {
            log.rarity(of: $0)
        }
        self.outcome = .made(
            Made(
                id: subscription.id, form: subscription.form, request: subscription.request,
                predicate: predicate, isRetrieved: isRetrieved))
    }

    /// The text of the first frame in `bytes`, which the server made; nil if there is none.
    static func text(ofFrame bytes: [UInt8]) -> String? {
        guard bytes.count >= 2 else { return nil }
        let start: Int
        let count: Int
        switch bytes[1] {
        case 126: (start, count) = (4, Self.number(bytes.dropFirst(2).prefix(2)))
        case 127: (start, count) = (10, Self.number(bytes.dropFirst(2).prefix(8)))
        default: (start, count) = (2, Int(bytes[1]))
        }
        return String(decoding: bytes.dropFirst(start).prefix(count), as: UTF8.self)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}
