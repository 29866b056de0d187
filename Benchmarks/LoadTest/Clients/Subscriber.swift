import NIOCore
import NIOPosix

/// One client: a WebSocket with a subscription to each of its groups. It checks that each group's events come in
/// order, without gaps and once.
///
/// Confined to the event loop of its ``Load``.
final class Subscriber: WebSocketUser {
    /// How far the connection is.
    enum State {
        case closed, opening, subscribing, ready
    }

    /// Its place among the load's subscribers.
    let number: Int
    /// The groups that it subscribes to.
    let groups: Range<Int>
    /// What it says instead of a subscription for each group.
    var words: ((inout ByteBuffer) -> Void)?
    private(set) var state = State.closed
    private var channel: (any Channel)?
    private var client: WebSocketClient<Subscriber>?
    /// When it said what it wants.
    private(set) var subscribedAt: UInt64 = 0
    /// When all its subscriptions were in force, and what they had missed was received.
    private(set) var readyAt: UInt64 = 0
    /// When the first event of this connection came.
    private(set) var firstAt: UInt64 = 0
    /// Events of this connection.
    private(set) var received = 0
    /// The last resume token, if the load keeps them.
    private(set) var token: String?
    /// Whether it is told to read nothing.
    private(set) var isStalled = false
    /// Whether its deliveries are among those that are expected, counted and timed.
    var isCounted = true {
        didSet { self.load.countMembers(of: self, was: oldValue) }
    }

    /// The sequence that each group's next event must have.
    private var next: [UInt64]
    /// Groups that were not given an event yet, where subscriptions are not acknowledged: the first one may have
    /// any number.
    private var unheard: Int
    private var live = 0
    private var start = SubscriptionStart.now
    private unowned let load: Load

    private static let anyNumber = UInt64.max

    /// Creates a client that is not connected.
    init(number: Int, groups: Range<Int>, load: Load) {
        self.number = number
        self.groups = groups
        self.load = load
        self.next = [UInt64](repeating: 0, count: groups.count)
        self.unheard = 0
    }

    /// Connects, to go on from `start`. With `.token` its groups continue where they were.
    func connect(from start: SubscriptionStart) {
        self.start = start
        self.state = .opening
        self.received = 0
        self.live = 0
        self.firstAt = 0
        switch start {
        case .token: break
        case .start: self.next = [UInt64](repeating: 0, count: self.groups.count)
        case .now:
            let isExact = self.load.dialect.acknowledgesSubscriptions
            self.next = self.groups.map { isExact ? self.load.sequences[$0] : Self.anyNumber }
            self.unheard = isExact ? 0 : self.groups.count
        }
        let connection = WebSocketClient(
            user: self, path: self.load.dialect.path, subprotocol: self.load.dialect.subprotocol)
        self.client = connection
        let client = NIOLoopBound(connection, eventLoop: self.load.eventLoop)
        self.load.bootstrap(isSmall: self.load.hasSmallBuffers)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(client.value)
                }
            }
            .connect(host: self.load.host, port: self.load.port)
            .assumeIsolated()
            .whenFailure { self.closed("cannot connect: \($0)") }
    }

    /// Ends the connection without a word, as a client that is gone does.
    func disconnect() {
        guard self.state != .closed else { return }
        if self.state == .ready { self.load.readyCount -= 1 }
        self.state = .closed
        self.client?.abandon()
        self.client = nil
        self.channel?.close(promise: nil)
        self.channel = nil
    }

    /// Stops reading, or reads again.
    func stall(_ isStalled: Bool) {
        self.isStalled = isStalled
        self.channel?.setOption(.autoRead, value: !isStalled).assumeIsolated().whenFailure {
            self.load.fail(LoadError(.closed, "socket \(self.number): \($0)"))
        }
    }

    /// Whether every group's events up to now were received.
    var isComplete: Bool {
        zip(self.groups, self.next).allSatisfy { group, next in
            next == self.load.sequences[group]
                || next == Self.anyNumber && self.load.sequences[group] == 0
        }
    }

    /// Events that are still to come.
    var missingCount: UInt64 {
        zip(self.groups, self.next).reduce(0) { $0 + (self.load.sequences[$1.0] &- $1.1) }
    }

    // MARK: - The WebSocket

    func opened(_ channel: any Channel) {
        self.channel = channel
        self.state = .subscribing
        self.subscribedAt = NIODeadline.now().uptimeNanoseconds
        var words = channel.allocator.buffer(capacity: 128)
        if let own = self.words {
            own(&words)
        } else {
            self.load.dialect.subscribe(to: self.groups, from: self.start, to: &words)
        }
        if words.readableBytes > 0 { channel.writeAndFlush(words, promise: nil) }
    }

    func received(_ message: ByteBufferView, on channel: any Channel, at now: UInt64) {
        self.load.counters.frames += 1
        self.load.counters.bytes += message.count
        let found = EventMarker.forEach(in: message) { self.receive($0, at: now) }
        guard let found else {
            return self.load.fail(
                LoadError(
                    .wrongDelivery, "socket \(self.number) was given an event that nobody sent"))
        }
        if self.load.keepsTokens, let token = LivelogDialect.token(in: message) {
            self.token = token
        }
        guard found == 0 || self.state == .subscribing else { return }
        switch self.load.dialect.meaning(of: message) {
        case .nothing: break
        case .live:
            self.live += 1
            if self.state == .subscribing, self.words != nil || self.live == self.groups.count {
                self.becomeReady(at: now)
            }
        case .expects(let answer):
            var frame = channel.allocator.buffer(capacity: 32)
            WebSocketFrame.write(.binary, answer, to: &frame)
            channel.writeAndFlush(frame, promise: nil)
        case .refusal(let text):
            self.load.fail(LoadError(.refused, "the server answered \(text)"))
        }
    }

    func finishedReading(at now: UInt64) {
        self.load.counters.reads += 1
        self.load.pump?.poke(at: now)
    }

    func closed(_ reason: String) {
        guard self.state != .closed else { return }
        self.disconnect()
        self.load.checks.closed += 1
        self.load.fail(LoadError(.closed, "socket \(self.number): \(reason)"))
    }

    private func becomeReady(at now: UInt64) {
        self.state = .ready
        self.readyAt = now
        self.load.readyCount += 1
    }

    private func receive(_ marker: EventMarker, at now: UInt64) {
        let place = marker.group - self.groups.lowerBound
        guard self.next.indices.contains(place) else {
            return self.load.fail(
                LoadError(
                    .wrongDelivery,
                    "socket \(self.number) was given an event of group \(marker.group), which it has not asked for"
                ))
        }
        let expected = self.next[place]
        self.next[place] = marker.sequence + 1
        if marker.sequence != expected {
            guard expected == Self.anyNumber else { return self.misses(marker, expected) }
            self.unheard -= 1
            if self.unheard == 0 { self.becomeReady(at: now) }
            return
        }
        if self.received == 0 { self.firstAt = now }
        self.received += 1
        if self.isCounted { self.load.deliver(marker, at: now) }
    }

    private func misses(_ marker: EventMarker, _ expected: UInt64) {
        if marker.sequence < expected {
            self.load.checks.duplicates += 1
        } else {
            self.load.checks.gaps += 1
        }
        self.load.fail(
            LoadError(
                .wrongDelivery,
                "socket \(self.number) was given event \(marker.sequence) of group \(marker.group) "
                    + (marker.sequence < expected ? "twice or late" : "and misses \(expected)")))
    }
}
