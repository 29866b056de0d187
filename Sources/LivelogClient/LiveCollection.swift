/// The instances that a subscription wants, kept as they are in the log.
///
///     let tasks = client.collection(of: Subscription(model: "todolist.Task"))
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
/// The connection goes with the iterator, or when its task is cancelled. The next iteration goes on from the place
/// that was reached. ``close()`` ends the collection for good.
public actor LiveCollection {
    /// How current the items are.
    public enum State: Hashable, Sendable {
        /// The server has not been reached yet.
        case connecting
        /// The server sends the items, or what was missed of them.
        case loading
        /// The items are those of the log.
        case live
        /// There is no connection, because it is lost or nobody iterates; the items are those of the moment before.
        case reconnecting
        /// The subscription is over, and the items stay as they are.
        case failed(ClientError)
        /// The collection was closed.
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

    fileprivate let server: ServerAddress
    fileprivate let configuration: ClientConfiguration
    fileprivate let observe: @Sendable (ConnectionEvent) -> Void
    private let subscription: Subscription
    private var contents = CollectionState()
    /// What the last event said. That it was the last is not known here: the connection goes with its iterator.
    private var reached = State.connecting
    /// What the iterator that drives the connection waits for; nil once it is gone.
    private weak var wait: Interruption?
    /// Why there is no connection; nil while there is one, and before the first attempt has failed.
    public private(set) var lastFailure: ClientError?

    init(
        server: ServerAddress, configuration: ClientConfiguration, subscription: Subscription,
        observe: @escaping @Sendable (ConnectionEvent) -> Void
    ) {
        self.server = server
        self.configuration = configuration
        self.observe = observe
        var subscription = subscription
        subscription.from = subscription.from ?? .snapshot
        subscription.afterReset = .snapshot
        self.subscription = subscription
    }

    /// How current the items are.
    public var state: State {
        switch self.reached {
        case .loading where self.wait == nil, .live where self.wait == nil: .reconnecting
        default: self.reached
        }
    }

    /// The instances by key, as JSON text.
    public var items: [InstanceKey: [UInt8]] { self.contents.items }

    /// The resume token of the place at which ``items`` are what the log says; nil before there is one.
    public var token: String? { self.contents.token }

    /// Whether retention has taken records of the set, so that instances may be missing.
    public var isPartial: Bool { self.contents.isPartial }

    /// Ends the collection: the connection is closed, whoever iterates gets nil, and the items stay as they are.
    public func close() {
        if case .failed = self.reached { return }
        self.reached = .ended
        self.wait?.interrupt()
    }

    private var isOver: Bool {
        switch self.reached {
        case .failed, .ended: true
        default: false
        }
    }

    /// Makes `wait` that of the one iterator.
    ///
    /// - Returns: What to subscribe to; nil if the collection is over.
    /// - Throws: `invalid-argument` if the subscription cannot be used, or another task iterates.
    fileprivate func begin(_ wait: Interruption) throws(ClientError) -> Subscription? {
        if self.isOver { return nil }
        guard self.wait == nil || self.wait === wait else {
            throw ClientError(.invalidArgument, "another task iterates over the collection")
        }
        do throws(ClientError) {
            try self.subscription.validate()
        } catch {
            self.reached = .failed(error)
            throw error
        }
        self.wait = wait
        if self.reached != .connecting { self.reached = .reconnecting }
        var subscription = self.subscription
        if let token = self.contents.token { subscription.from = .token(token) }
        return subscription
    }

    /// The iterator has given up its connection.
    fileprivate func pause(_ wait: Interruption) {
        if self.wait === wait { self.wait = nil }
    }

    /// The subscription is over.
    fileprivate func fail(_ error: ClientError) {
        if !self.isOver { self.reached = .failed(error) }
        self.wait = nil
    }

    /// Takes an event, and returns what it means to whoever iterates.
    fileprivate func take(_ event: SubscriptionDriver.Event) -> Update? {
        if self.isOver { return nil }
        let before = self.reached
        var changes: [CollectionState.Change] = []
        var isReplacement = false
        switch event {
        case .connected:
            self.reached = .loading
            self.lastFailure = nil
        case .lost(let error, _):
            if self.reached != .connecting { self.reached = .reconnecting }
            self.lastFailure = error
        case .delivered(let delivery):
            changes = self.contents.apply(delivery)
            isReplacement = delivery.kind == .snapshot
            if delivery.isLive { self.reached = .live }
        }
        guard self.reached != before || !changes.isEmpty || isReplacement else { return nil }
        return Update(state: self.reached, changes: changes, isReplacement: isReplacement)
    }
}

extension LiveCollection: AsyncSequence {
    /// What happened to the collection.
    public typealias Element = Update
    /// Why the subscription ended.
    public typealias Failure = ClientError

    /// Creates an iterator. Only one at a time can be used: it owns the connection.
    public nonisolated func makeAsyncIterator() -> Iterator {
        Iterator(collection: self)
    }

    /// Takes one update after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private let collection: LiveCollection
        private let wait = Interruption()
        /// Nil while there is nothing to go on with.
        private var driver: SubscriptionDriver?

        fileprivate init(collection: LiveCollection) {
            self.collection = collection
        }

        /// Waits until the items or the state change; nil once the task is cancelled or the collection closed. After
        /// a cancellation the next call goes on from the place that was reached.
        ///
        /// - Throws: what ended the subscription; `invalid-argument` if the subscription cannot be used, or
        ///   another task iterates.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> Update? {
            if self.driver == nil {
                guard let subscription = try await self.collection.begin(self.wait) else {
                    return nil
                }
                self.driver = SubscriptionDriver(
                    server: self.collection.server, configuration: self.collection.configuration,
                    subscription: subscription, interruption: self.wait)
            }
            do throws(ClientError) {
                while let event = try await self.driver?.next(isolation: actor) {
                    if let connection = event.connection { self.collection.observe(connection) }
                    if let update = await self.collection.take(event) { return update }
                }
            } catch {
                self.driver = nil
                await self.collection.fail(error)
                throw error
            }
            self.driver = nil
            await self.collection.pause(self.wait)
            return nil
        }
    }
}
