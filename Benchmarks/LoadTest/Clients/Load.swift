import Glibc
import NIOCore
import NIOPosix

/// What the clients of one event loop share: the subscribers, the publisher, and what is counted.
///
/// Confined to its event loop, like everything that it holds.
final class Load {
    /// What was counted since ``reset()``.
    struct Counters {
        /// Events that were published.
        var published = 0
        /// Deliveries that they must lead to, by what counted subscribers want.
        var expected = 0
        /// Deliveries to counted subscribers.
        var delivered = 0
        /// Messages that subscribers were given.
        var frames = 0
        /// Bytes of these messages.
        var bytes = 0
        /// Reads of subscribers' sockets.
        var reads = 0
    }

    /// What a test fails for, counted since the beginning.
    struct Checks {
        var gaps = 0
        var duplicates = 0
        var errors = 0
        var closed = 0
    }

    let eventLoop: any EventLoop
    let host: String
    /// Where subscribers connect.
    let port: Int
    let dialect: any Dialect
    /// The run that keys are of.
    let run: UInt64
    /// Seconds without a delivery after which those that are missing are lost.
    let patience: Double
    /// Whether sockets get small buffers, as over a real network: loopback's would hold megabytes for each
    /// client that does not read.
    let hasSmallBuffers: Bool
    /// Whether subscribers keep the tokens that they are given.
    var keepsTokens = false

    var subscribers: [Subscriber] = []
    var publisher: Publisher?
    var pump: Pump?
    /// The number of each group's next event.
    var sequences: [UInt64]
    /// How many counted subscribers each group has.
    private(set) var members: [Int]
    /// Subscribers whose subscriptions are in force.
    var readyCount = 0
    var counters = Counters()
    var checks = Checks()
    /// How late deliveries were since the last look at it.
    var latency = Latency()
    private(set) var failure: LoadError?

    /// Creates a load of `groups` groups without clients.
    init(
        eventLoop: any EventLoop, host: String, port: Int, dialect: any Dialect, run: UInt64,
        groups: Int,
        patience: Double, hasSmallBuffers: Bool = false
    ) {
        self.eventLoop = eventLoop
        self.host = host
        self.port = port
        self.dialect = dialect
        self.run = run
        self.patience = patience
        self.hasSmallBuffers = hasSmallBuffers
        self.sequences = [UInt64](repeating: 0, count: groups)
        self.members = [Int](repeating: 0, count: groups)
    }

    /// Adds a client that is not connected.
    func addSubscriber(groups: Range<Int>) {
        let subscriber = Subscriber(number: self.subscribers.count, groups: groups, load: self)
        self.subscribers.append(subscriber)
        for group in groups { self.members[group] += 1 }
    }

    /// Takes a subscriber's groups in or out of what is expected.
    func countMembers(of subscriber: Subscriber, was: Bool) {
        guard subscriber.isCounted != was else { return }
        for group in subscriber.groups { self.members[group] += was ? -1 : 1 }
    }

    /// ``patience`` as an amount of time.
    var silenceMax: TimeAmount { .nanoseconds(Int64(self.patience * 1e9)) }

    /// Begins to count anew.
    func reset() {
        self.counters = Counters()
        self.latency.reset()
    }

    /// Counts a delivery.
    @inline(__always)
    func deliver(_ marker: EventMarker, at now: UInt64) {
        self.counters.delivered += 1
        self.latency.record(now > marker.time ? now - marker.time : 0)
    }

    /// Events that are published and not yet with everybody, on average.
    var outstanding: Int {
        let missing = self.counters.expected - self.counters.delivered
        guard missing > 0, self.counters.published > 0 else { return 0 }
        // As if each event went to as many.
        return (missing * self.counters.published + self.counters.expected - 1)
            / self.counters.expected
    }

    /// Notes the first failure; waiting ends with it.
    func fail(_ error: LoadError) {
        if self.failure == nil { self.failure = error }
        if error.code != .wrongDelivery && error.code != .closed { self.checks.errors += 1 }
    }

    /// How connections are made.
    func bootstrap(isSmall: Bool) -> ClientBootstrap {
        let bootstrap = ClientBootstrap(group: self.eventLoop)
            .connectTimeout(.seconds(60))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 1024, initial: 2048, maximum: 1 << 18))
        guard isSmall else { return bootstrap }
        return
            bootstrap
            .channelOption(.socketOption(.so_rcvbuf), value: 16 << 10)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_MAXSEG)), value: 1400)
    }

    /// Ends all connections; nothing is told of them any more.
    func close() {
        self.pump?.stop()
        self.publisher?.close()
        for subscriber in self.subscribers { subscriber.disconnect() }
    }

    // MARK: - Waiting

    /// Waits a moment, while the loop works.
    ///
    /// - Throws: The first failure, or `CancellationError`.
    func pause(_ amount: TimeAmount = .milliseconds(1)) async throws {
        try Task.checkCancellation()
        try await self.eventLoop.scheduleTask(in: amount) {}.futureResult.get()
        if let failure { throw failure }
    }

    /// Waits until `isDone`.
    ///
    /// - Throws: The first failure, or ``LoadError/Code/late`` with what `late` says.
    func wait(
        atMost seconds: Double, until isDone: () -> Bool, late: () -> String
    ) async throws {
        let deadline = NIODeadline.now() + .nanoseconds(Int64(seconds * 1e9))
        while !isDone() {
            guard NIODeadline.now() < deadline else { throw LoadError(.late, late()) }
            try await self.pause()
        }
    }

    /// Connects subscribers, a few at a time so that no backlog is full, and waits until all are ready.
    func connect(
        _ subscribers: some RandomAccessCollection<Subscriber>, from start: SubscriptionStart = .now
    ) async throws {
        var next = subscribers.startIndex
        let wanted = self.readyCount + subscribers.count
        let openingMax = 128
        let deadline = NIODeadline.now() + .seconds(300)
        while self.readyCount < wanted {
            while next < subscribers.endIndex,
                subscribers.distance(from: subscribers.startIndex, to: next)
                    - (subscribers.count - (wanted - self.readyCount)) < openingMax
            {
                subscribers[next].connect(from: start)
                subscribers.formIndex(after: &next)
                // Where nothing tells that a subscription is in force, an event does, and there is none yet.
                if !self.dialect.acknowledgesSubscriptions && next == subscribers.endIndex { break }
            }
            if !self.dialect.acknowledgesSubscriptions { try await self.probe() }
            guard NIODeadline.now() < deadline else {
                throw LoadError(
                    .late,
                    "\(subscribers.count - (wanted - self.readyCount)) of \(subscribers.count) sockets were opened"
                )
            }
            try await self.pause()
        }
        // What showed that subscriptions are in force is also waited for.
        if !self.dialect.acknowledgesSubscriptions {
            try await self.wait(atMost: self.patience) {
                subscribers.allSatisfy(\.isComplete)
            } late: {
                "events that were sent while sockets were opened are missing"
            }
        }
    }

    /// Sends each group an event, by which a subscription shows that it is in force.
    private func probe() async throws {
        let now = NIODeadline.now().uptimeNanoseconds
        guard let publisher else { return }
        _ = publisher.publish(
            count: self.sequences.count, groups: self.sequences.indices, from: now, interval: 0)
        try await self.pause(.milliseconds(50))
    }

    /// Waits until everything that was published has come to everybody, and was acknowledged.
    func drain(_ what: String) async throws {
        var last = (self.counters.delivered, NIODeadline.now())
        while self.counters.delivered < self.counters.expected || self.publisher?.isWaiting == true
        {
            try await self.pause()
            if self.counters.delivered != last.0 { last = (self.counters.delivered, .now()) }
            guard NIODeadline.now() - last.1 < self.silenceMax else {
                self.checks.gaps += self.counters.expected - self.counters.delivered
                throw LoadError(
                    .late,
                    "\(what): of \(self.counters.published) events \(self.counters.expected - self.counters.delivered) "
                        + "deliveries are missing after \(self.patience) seconds of silence"
                )
            }
        }
    }

    /// Checks that every connected subscriber has had everything.
    ///
    /// - Throws: ``LoadError/Code/wrongDelivery`` if one misses something, or the first failure.
    func check() throws {
        if let failure { throw failure }
        for subscriber in self.subscribers
        where subscriber.state == .ready && !subscriber.isComplete {
            self.checks.gaps += 1
            throw LoadError(
                .wrongDelivery,
                "socket \(subscriber.number) misses \(subscriber.missingCount) events at the end")
        }
    }
}
