/// What happens to a subscription's connection, for whoever wants to show it.
public enum ConnectionEvent: Hashable, Sendable {
    /// The server has accepted the subscription, for the first time or again.
    case connected(Acceptance)
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
/// Each iterator is a subscription of its own, with a connection of its own.
public struct Deliveries: AsyncSequence, Sendable {
    /// What came with one message, or with several that belong together.
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
        private var driver: SubscriptionDriver

        init(_ deliveries: Deliveries) {
            self.deliveries = deliveries
            self.driver = SubscriptionDriver(
                server: deliveries.server, configuration: deliveries.configuration,
                subscription: deliveries.subscription)
        }

        /// Waits for the next delivery; nil once the task is cancelled.
        ///
        /// - Throws: `reset`, `refused` or `protocol-violation` when the subscription is over, and
        ///   `invalid-argument` if the configuration or the subscription cannot be used.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> Delivery? {
            try self.deliveries.subscription.validate()
            while let event = try await self.driver.next(isolation: actor) {
                if case .delivered(let delivery) = event { return delivery }
                if let connection = event.connection { self.deliveries.observe(connection) }
            }
            return nil
        }
    }
}
