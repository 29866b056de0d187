/// The instances that a subscription wants, kept as they are in the log.
///
///     let tasks = client.collection(of: Subscription(model: "todolist.Task", from: .snapshot))
///     for try await update in tasks {
///         for change in update.changes { … }
///         let items = await tasks.items
///     }
///
/// Whoever iterates drives the connection, as with ``Deliveries``; one task at a time may. Everybody may ask for
/// the items and the state meanwhile. A lost connection is made again for as long as it takes; the items
/// stay as they are until what was missed is there. If the server cannot continue from the place that was
/// reached, the collection takes a snapshot, which replaces the items at once when it is complete.
///
/// The connection is closed when the collection is released or the iterating task is cancelled.
public actor LiveCollection {
    /// How current the items are.
    public enum State: Hashable, Sendable {
        /// The server has not been reached yet.
        case connecting
        /// The server sends the items, or what was missed of them.
        case loading
        /// The items are those of the log.
        case live
        /// The connection is lost; the items are those of the moment before.
        case reconnecting
        /// The subscription is over, and the items stay as they are.
        case failed(ClientError)
        /// The iterating task was cancelled.
        case ended
    }

    /// What happened to the collection.
    public struct Update: Hashable, Sendable {
        /// How current the items are now.
        public let state: State
        /// What changed; empty if only the state did.
        public let changes: [CollectionState.Change]
        /// Whether a snapshot has replaced the items: `changes` are the differences.
        public let isReplacement: Bool

        /// Creates an update.
        public init(
            state: State, changes: [CollectionState.Change] = [], isReplacement: Bool = false
        ) {
            self.state = state
            self.changes = changes
            self.isReplacement = isReplacement
        }
    }

    private let subscription: Subscription
    /// Nil while somebody waits for the next update.
    private var driver: SubscriptionDriver?
    private var contents = CollectionState()
    /// How current the items are.
    public private(set) var state = State.connecting

    init(
        server: ServerAddress, configuration: ClientConfiguration, subscription: Subscription
    ) {
        self.subscription = subscription
        self.driver = SubscriptionDriver(
            server: server, configuration: configuration, subscription: subscription,
            beginsAnewAfterReset: true)
    }

    /// The instances by key, both as JSON text.
    public var items: [String: [UInt8]] { self.contents.items }

    /// The resume token of the place at which ``items`` are what the log says; nil before there is one.
    public var token: String? { self.contents.token }

    /// Whether retention has taken records of the set, so that instances may be missing.
    public var isPartial: Bool { self.contents.isPartial }

    /// Waits until the items or the state change; nil once the task is cancelled.
    ///
    /// - Throws: what ended the subscription; `invalid-argument` if the subscription cannot be used, or
    ///   another task is waiting.
    public func next() async throws(ClientError) -> Update? {
        try self.subscription.validate()
        guard var driver = self.driver else {
            throw ClientError(.invalidArgument, "another task iterates over the collection")
        }
        self.driver = nil
        defer { self.driver = driver }
        do {
            while let event = try await driver.next(isolation: self) {
                if let update = self.take(event) { return update }
            }
        } catch {
            self.state = .failed(error)
            throw error
        }
        if case .failed = self.state { return nil }
        self.state = .ended
        return nil
    }

    private func take(_ event: SubscriptionDriver.Event) -> Update? {
        let before = self.state
        var changes: [CollectionState.Change] = []
        var isReplacement = false
        switch event {
        case .connected:
            self.state = .loading
        case .lost:
            if self.state != .connecting { self.state = .reconnecting }
        case .delivered(let delivery):
            changes = self.contents.apply(delivery)
            isReplacement = delivery.kind == .snapshot
            if delivery.isLive { self.state = .live }
        }
        guard self.state != before || !changes.isEmpty || isReplacement else { return nil }
        return Update(state: self.state, changes: changes, isReplacement: isReplacement)
    }
}

extension LiveCollection: AsyncSequence {
    /// What happened to the collection.
    public typealias Element = Update
    /// Why the subscription ended.
    public typealias Failure = ClientError

    /// Creates an iterator. All of a collection's iterators share its one connection, so only one can be used.
    public nonisolated func makeAsyncIterator() -> Iterator {
        Iterator(collection: self)
    }

    /// Takes one update after the other.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let collection: LiveCollection

        /// Waits until the items or the state change; nil once the task is cancelled.
        ///
        /// - Throws: as ``LiveCollection/next()``.
        public func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> Update? {
            try await self.collection.next()
        }
    }
}
