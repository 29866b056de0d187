import NIOCore

/// Drives one subscription over as many connections as it takes, one step for each call of ``next(isolation:)``.
///
/// There is no task behind it: while nobody calls, the socket is not read for long. The connection is closed when
/// the driver is dropped.
struct SubscriptionDriver {
    /// What a step brought.
    enum Event: Sendable {
        /// The server has accepted the subscription, for the first time or again.
        case connected(Acceptance)
        /// Records, or the place moved on.
        case delivered(Delivery)
        /// The connection is gone, or could not be made. The next step waits this long first.
        case lost(ClientError, retryingIn: Duration)
    }

    private let server: ServerAddress
    private let configuration: ClientConfiguration
    private let beginsAnewAfterReset: Bool
    private let interruption: Interruption
    private var state: SubscriptionState
    private var backoff: Backoff
    private var messages: FrameInbox.Messages.AsyncIterator?
    /// Came together with an event that was handed on before it.
    private var nextDelivery: Delivery?
    /// How long to wait before connecting.
    private var delay: Duration?
    private var isOver = false

    /// Creates a driver that has not connected yet.
    ///
    /// - Parameter interruption: what another task ends the driver with.
    init(
        server: ServerAddress, configuration: ClientConfiguration, subscription: Subscription,
        interruption: Interruption = Interruption()
    ) {
        self.server = server
        self.configuration = configuration
        self.beginsAnewAfterReset = subscription.afterReset == .snapshot
        self.interruption = interruption
        self.state = SubscriptionState(subscription)
        self.backoff = configuration.backoff
    }

    /// Waits for the next event; nil once the task is cancelled or the driver interrupted.
    ///
    /// - Throws: `reset`, `refused` or `protocol-violation` when the subscription is over, and
    ///   `invalid-argument` if the configuration cannot be used.
    mutating func next(isolation actor: isolated (any Actor)?) async throws(ClientError) -> Event? {
        while !self.isOver {
            if let delivery = self.nextDelivery {
                self.nextDelivery = nil
                return .delivered(delivery)
            }
            do throws(ClientError) {
                try await self.waitBeforeConnecting()
                if let event = try await self.receive(isolation: actor) { return event }
            } catch {
                self.messages = nil
                if let event = try self.recover(from: error) { return event }
            }
        }
        return nil
    }

    private mutating func waitBeforeConnecting() async throws(ClientError) {
        guard let delay = self.delay else { return }
        self.delay = nil
        let clock = self.configuration.clock
        let (interruption, signal) = AsyncStream.makeStream(of: Void.self)
        self.interruption.arm { signal.finish() }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await clock.sleep(for: delay) }
                group.addTask { for await _ in interruption {} }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            throw ClientError(transport: error)
        }
    }

    /// Waits for a message, on a new connection if there is none; nil if it is of no interest.
    private mutating func receive(
        isolation actor: isolated (any Actor)?
    ) async throws(ClientError) -> Event? {
        guard self.messages != nil else {
            let attempt = ConnectionAttempt()
            self.interruption.arm { attempt.cancel() }
            let connection = try await WebSocketConnection.open(
                to: self.server, configuration: self.configuration, attempt: attempt)
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
        guard let message else {
            if Task.isCancelled { throw ClientError(transport: CancellationError()) }
            throw ClientError(.unreachable, "the connection was closed")
        }
        switch try self.state.receive(ServerFrame(decoding: message)) {
        case .ignore:
            return nil
        case .accepted(let acceptance, let delivery):
            self.nextDelivery = delivery
            return .connected(acceptance)
        case .deliver(let delivery):
            // Only now: a server that accepts and then drops each connection is still failing.
            self.backoff.reset()
            return .delivered(delivery)
        }
    }

    /// Plans the next attempt, or ends the subscription.
    private mutating func recover(from error: ClientError) throws(ClientError) -> Event? {
        if error.code == .cancelled || Task.isCancelled || self.interruption.isOver {
            self.isOver = true
            return nil
        }
        if self.beginsAnewAfterReset, error.canBeginAnew {
            self.state.beginAnew()
        } else if !error.isTemporary {
            self.isOver = true
            throw error
        }
        var generator = SystemRandomNumberGenerator()
        let delay = self.backoff.next(using: &generator)
        self.delay = delay
        return .lost(error, retryingIn: delay)
    }
}

extension SubscriptionDriver.Event {
    /// What it says about the connection, if anything.
    var connection: ConnectionEvent? {
        switch self {
        case .connected(let acceptance): .connected(acceptance)
        case .lost(let error, let delay): .lost(error, retryingIn: delay)
        case .delivered: nil
        }
    }
}

extension ClientError {
    /// Whether a snapshot helps: not if it is the snapshot that the server cannot give.
    fileprivate var canBeginAnew: Bool {
        self.code == .reset && self.problem?.code != "snapshot-too-large"
    }
}
