import NIOCore

/// What happens to a subscription's connection, for whoever wants to show it.
public enum ConnectionEvent: Hashable, Sendable {
    /// The server has accepted the subscription, for the first time or again.
    case connected
    /// The connection is gone, or could not be made, for this reason; the next attempt follows later.
    case lost(ClientError, retryingIn: Duration)
}

/// The deliveries of a subscription, across as many connections as it takes.
///
/// Whoever iterates also drives the connection: the first `next()` connects, a lost connection is made
/// again within `next()` and resumes from the last delivery's token, and while nobody calls `next()` the
/// socket is not read for long. There is no task behind it. The connection is closed when the iterator
/// is dropped, for instance by leaving the loop; when the task is cancelled, the deliveries end.
///
/// Each iterator is a subscription of its own.
public struct Deliveries: AsyncSequence, Sendable {
    /// What came with one message.
    public typealias Element = Delivery
    /// Why the deliveries ended.
    public typealias Failure = ClientError

    let server: ServerAddress
    let configuration: ClientConfiguration
    let subscription: Subscription
    let observe: @Sendable (ConnectionEvent) -> Void

    /// Creates an iterator, which connects when it is first asked.
    public func makeAsyncIterator() -> Iterator {
        Iterator(self)
    }

    /// Takes one delivery after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private let deliveries: Deliveries
        private var state: SubscriptionState
        private var backoff: Backoff
        private var messages: FrameInbox.Messages.AsyncIterator?
        private var isOver = false

        init(_ deliveries: Deliveries) {
            self.deliveries = deliveries
            self.state = SubscriptionState(deliveries.subscription)
            self.backoff = deliveries.configuration.backoff
        }

        /// Waits for the next delivery; nil once the task is cancelled.
        ///
        /// - Throws: `reset`, `refused` or `protocol-violation` when the subscription is over, and
        ///   `invalid-argument` if the configuration cannot be used.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> Delivery? {
            while !self.isOver {
                do throws(ClientError) {
                    if let delivery = try await self.receive(isolation: actor) { return delivery }
                } catch {
                    self.messages = nil
                    try await self.recover(from: error)
                }
            }
            return nil
        }

        /// Waits for a message, on a new connection if there is none; nil if it is no delivery.
        private mutating func receive(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> Delivery? {
            guard self.messages != nil else {
                let connection = try await WebSocketConnection.open(
                    to: self.deliveries.server, configuration: self.deliveries.configuration)
                self.messages = connection.messages.makeAsyncIterator()
                try await connection.send(self.state.connected())
                return nil
            }
            let message: [UInt8]?
            do {
                message = try await self.messages?.next(isolation: actor).map {
                    Array($0.readableBytesView)
                }
            } catch {
                throw ClientError(transport: error)
            }
            guard let message else { throw ClientError(transport: CancellationError()) }
            let frame = try ServerFrame(decoding: message)
            guard case .deliver(let delivery) = try self.state.receive(frame) else { return nil }
            if case .subscribed = frame {
                self.deliveries.observe(.connected)
            } else {
                // Only now: a server that accepts and then drops each connection is still failing.
                self.backoff.reset()
            }
            return delivery
        }

        /// Waits before the next attempt, or ends the subscription.
        private mutating func recover(from error: ClientError) async throws(ClientError) {
            if error.code == .cancelled || Task.isCancelled {
                self.isOver = true
                return
            }
            guard error.isTemporary else {
                self.isOver = true
                throw error
            }
            var generator = SystemRandomNumberGenerator()
            let delay = self.backoff.next(using: &generator)
            self.deliveries.observe(.lost(error, retryingIn: delay))
            do {
                try await self.deliveries.configuration.clock.sleep(for: delay)
            } catch {
                self.isOver = true
            }
        }
    }
}
