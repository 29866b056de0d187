/// A client of a Livelog server: publishes changes and subscribes to them.
///
///     let client = try LivelogClient(server: "http://127.0.0.1:8080")
///     let changes = Array(#"{"model":"app.Task","action":"CREATED","instance":{"id":1}}"#.utf8)
///     let receipt = try await client.publish(changes, identity: .unique())
///     for try await delivery in client.subscribe(to: Subscription(model: "app.Task", from: .start)) {
///         for record in delivery.records { … }
///         // Keep `delivery.token` with what was made of the records, to continue from there one day.
///     }
///
/// A value without state: copies are the same client, any task may use it, and nothing has to be closed.
public struct LivelogClient: Sendable {
    let server: ServerAddress
    let configuration: ClientConfiguration

    /// Creates a client. Nothing is connected yet.
    ///
    /// - Parameters:
    ///   - server: the server's URL, with the scheme `http` or `https`.
    ///   - configuration: the settings.
    /// - Throws: `invalid-argument` if the URL is not one.
    public init(
        server: String, configuration: ClientConfiguration = ClientConfiguration()
    ) throws(ClientError) {
        self.server = try ServerAddress(url: server)
        self.configuration = configuration
    }

    /// Publishes one atomic batch, and tries again for a while if that fails for a passing reason.
    ///
    /// The identity makes trying again safe: whatever became of an attempt, the batch is in the log once.
    ///
    /// - Parameters:
    ///   - changes: the changes as NDJSON, at most 8 MiB and 100,000 lines.
    ///   - identity: what makes the batch recognisable; see ``BatchIdentity/unique()``.
    ///   - limit: how long to try, attempts and waits together, before giving up. The last attempt may take
    ///     10 s beyond it.
    ///   - observe: called before each wait, with the failure and the time to wait.
    /// - Throws: `refused` with the server's ``Problem``; the last failure once `limit` has passed;
    ///   `invalid-argument`, `protocol-violation` or `cancelled`.
    public func publish(
        _ changes: [UInt8], identity: BatchIdentity, retryingFor limit: Duration = .seconds(60),
        observe: @Sendable (ClientError, Duration) -> Void = { _, _ in }
    ) async throws(ClientError) -> Receipt {
        try identity.validate()
        // Otherwise a file that cannot be read would look like a failure of the network.
        if self.configuration.certificateAuthorityFile != nil {
            _ = try self.configuration.tlsContext()
        }
        let publisher = Publisher(server: self.server, configuration: self.configuration)
        var schedule = RetrySchedule(
            limit: limit, attemptLimit: self.configuration.publishTimeout,
            backoff: self.configuration.backoff)
        var generator = SystemRandomNumberGenerator()
        var failingFor = Duration.zero
        while true {
            if Task.isCancelled { throw ClientError(transport: CancellationError()) }
            let start = ContinuousClock.now
            let timeout = schedule.timeout(failingFor: failingFor)
            let response = await publisher.post(changes, identity: identity, timeout: timeout)
            let (error, retryAfter): (ClientError, Duration?)
            switch response {
            case .receipt(let receipt): return receipt
            case .refused(let refusal): throw refusal
            case .temporary(let failure, let seconds): (error, retryAfter) = (failure, seconds)
            }
            failingFor += start.duration(to: .now)
            let delay = schedule.delay(
                failingFor: failingFor, retryAfter: retryAfter, using: &generator)
            guard let delay else { throw error }
            observe(error, delay)
            do {
                try await self.configuration.clock.sleep(for: delay)
            } catch {
                throw ClientError(transport: error)
            }
            failingFor += delay
        }
    }

    /// Subscribes to changes: the sequence connects when it is iterated, and reconnects for ever.
    ///
    /// - Parameters:
    ///   - subscription: which changes, and from where on.
    ///   - observe: told of each connection that was made or lost.
    public func subscribe(
        to subscription: Subscription,
        observe: @escaping @Sendable (ConnectionEvent) -> Void = { _ in }
    ) -> Deliveries {
        Deliveries(
            server: self.server, configuration: self.configuration, subscription: subscription,
            observe: observe)
    }

    /// Keeps the instances that a subscription wants as they are in the log.
    ///
    /// - Parameters:
    ///   - subscription: which instances. Unless it says otherwise it begins with `.snapshot`, which has all of
    ///     them.
    ///   - observe: told of each connection that was made or lost.
    public func collection(
        of subscription: Subscription,
        observe: @escaping @Sendable (ConnectionEvent) -> Void = { _ in }
    ) -> LiveCollection {
        LiveCollection(
            server: self.server, configuration: self.configuration, subscription: subscription,
            observe: observe)
    }
}
