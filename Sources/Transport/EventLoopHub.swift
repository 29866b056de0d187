import Access
import LogStorage
import Logging
import NIOCore
import Replication
import Sessions
import Synchronization

/// What one event loop has: its dispatcher, its WebSockets, and its clock.
///
/// Threads: only the loop's. ``EventLoopHubs`` hands it out.
final class EventLoopHub {
    let dispatcher: Dispatcher
    let limits: ServerLimits
    let tail: TailRoom
    /// What all WebSockets of the loop are read into.
    let readBuffer = ReadBuffer()
    let eventLoop: any EventLoop
    private let access: AccessControl
    /// The WebSockets of subscribers, by the part in which they are looked after.
    private var connections = [[ObjectIdentifier: WebSocketHandler]](
        repeating: [:], count: EventLoopHub.partCount)
    private var nextPart = 0
    private var producers:
        [ObjectIdentifier: (handler: ProducerHandler, producer: ProducerConnection)] = [:]
    private var isTurnScheduled = false
    private var isInTurn = false
    private var lastTurn = NIODeadline.now()
    /// Whether everything was closed: what would begin now must not.
    private(set) var isStopped = false

    init(
        eventLoop: any EventLoop, log: ChangeLog, access: AccessControl, desk: DecisionDesk,
        recorder: SessionRecorder?, limits: ServerLimits, logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.access = access
        self.limits = limits
        self.dispatcher = Dispatcher(
            log: log, limits: limits.dispatcher, sessionLimits: limits.session,
            decisions: desk.cache, logger: logger, burstWriter: SocketBurst.write)
        self.dispatcher.recorder = recorder
        self.tail = TailRoom(
            TailWatch(log), eventLoop: eventLoop, countMax: limits.waitingRequestsMax)
        let hub = NIOLoopBound(self, eventLoop: eventLoop)
        self.dispatcher.decide = { questions, principals, number in
            Task {
                let hasAnswer = await desk.decide(questions, for: principals)
                hub.execute { $0.decided(number, hasAnswer: hasAnswer) }
            }
        }
    }

    func add(_ connection: WebSocketHandler) {
        self.connections[Self.part(of: connection)][ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: WebSocketHandler) {
        self.connections[Self.part(of: connection)][ObjectIdentifier(connection)] = nil
    }

    func add(_ handler: ProducerHandler, _ producer: ProducerConnection) {
        self.producers[ObjectIdentifier(handler)] = (handler, producer)
    }

    func remove(_ handler: ProducerHandler) {
        self.producers[ObjectIdentifier(handler)] = nil
    }

    /// Runs the turns of the dispatcher and of those who wait, each in a turn of the loop of its own, until it has
    /// nothing to do.
    func scheduleTurn() {
        guard !self.isTurnScheduled else { return }
        self.isTurnScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isTurnScheduled = false
            self.takeTurn()
        }
    }

    private func takeTurn() {
        self.isInTurn = true
        let hasMore = self.dispatcher.turn()
        self.tail.turn()
        self.isInTurn = false
        self.lastTurn = .now()
        if hasMore || self.tail.hasWork { self.scheduleTurn() }
    }

    /// Takes a turn if there are new records and the last one is a while ago. To be called from what sockets bring:
    /// when thousands connect at once their handshakes fill one tick of the loop, at the end of which the turn would be.
    func relieve() {
        guard !self.isInTurn, self.dispatcher.hasNewRecords,
            NIODeadline.now() - self.lastTurn > Self.relief
        else { return }
        self.takeTurn()
    }

    private static let relief = TimeAmount.milliseconds(2)

    /// Parts that the connections are looked after in, so that thousands are not written to at once.
    static let partCount = 10

    private static func part(of connection: WebSocketHandler) -> Int {
        // Objects lie at multiples of 16 bytes.
        Int(bitPattern: ObjectIdentifier(connection)) / 16 % Self.partCount
    }

    /// Looks after the next part of the connections: pings who is quiet, closes who stays so, tells of progress.
    func tick() {
        let part = self.nextPart
        self.nextPart = (part + 1) % Self.partCount
        for connection in self.connections[part].values { connection.tick() }
        if part == 0 {
            // Who is not read, for want of room, cannot be expected to say anything.
            for (handler, producer) in self.producers.values where !producer.isQuietByForce {
                handler.tick()
            }
        }
        self.dispatcher.closeExpired(
            at: Machine.wallClock() / 1_000_000, part: part, of: Self.partCount
        ) { self.access.isKnown($0) }
        if self.dispatcher.tellProgress(part: part, of: Self.partCount) { self.scheduleTurn() }
    }

    /// Lets sessions see what `policy` allows.
    func become(_ policy: AccessPolicy) {
        if self.dispatcher.become(policy) { self.scheduleTurn() }
    }

    /// Lets go on, or end, who waited for what was to be decided under this number.
    private func decided(_ number: UInt64, hasAnswer: Bool) {
        guard !self.isStopped else { return }
        if self.dispatcher.decided(number, hasAnswer: hasAnswer) { self.scheduleTurn() }
    }

    /// Lets producers finish what they began, and closes them.
    func drainProducers() {
        for (_, producer) in self.producers.values { producer.drain() }
    }

    /// Connections of producers that are open.
    var producerCount: Int { self.producers.count }

    /// Closes sessions and lets go who waits, for good.
    func closeAll() {
        self.isStopped = true
        // It holds this hub.
        self.dispatcher.decide = { _, _, _ in }
        _ = self.dispatcher.drain(.max, reason: "the server stops")
        self.tail.closeAll()
    }
}

/// The hub of each event loop of a group.
///
/// `wake` may be called from any thread; everything else happens on the loops.
struct EventLoopHubs: Sendable {
    private let hubs: [ObjectIdentifier: NIOLoopBound<EventLoopHub>]
    private let ticks: [RepeatedTask]
    /// Where is decided what no rule can say.
    let desk: DecisionDesk

    /// Creates a hub on each loop of `group`, wakes it when `bell` rings, and starts its clock.
    init(
        group: any EventLoopGroup, log: ChangeLog, bell: VisibleBell, access: AccessControl,
        desk: DecisionDesk, recorder: SessionRecorder?, limits: ServerLimits, logger: Logger
    ) async throws {
        self.desk = desk
        var hubs: [ObjectIdentifier: NIOLoopBound<EventLoopHub>] = [:]
        var ticks: [RepeatedTask] = []
        for eventLoop in group.makeIterator() {
            let hub = try await eventLoop.submit {
                NIOLoopBound(
                    EventLoopHub(
                        eventLoop: eventLoop, log: log, access: access, desk: desk,
                        recorder: recorder, limits: limits, logger: logger),
                    eventLoop: eventLoop)
            }.get()
            hubs[ObjectIdentifier(eventLoop)] = hub
            let isWoken = WakeFlag()
            bell.add {
                // However often the bell rings before the loop comes to it, one wake is on its way.
                guard isWoken.raise() else { return }
                eventLoop.execute {
                    isWoken.lower()
                    hub.value.scheduleTurn()
                }
            }
            let interval = TimeAmount.milliseconds(
                Int64(limits.tickSeconds * 1000 / EventLoopHub.partCount))
            ticks.append(
                eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
                    hub.value.tick()
                })
        }
        self.hubs = hubs
        self.ticks = ticks
    }

    /// The hub of `eventLoop`. To be called on that loop, which is one of the group's.
    func hub(of eventLoop: any EventLoop) -> EventLoopHub {
        guard let hub = self.hubs[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("a channel runs on an event loop that is not of the server's group")
        }
        return hub.value
    }

    /// What the dispatchers of all loops have and did.
    func counters() async -> DispatcherCounters {
        var all = DispatcherCounters()
        for hub in self.hubs.values {
            if let counters = try? await hub.submit({ $0.dispatcher.counters }) {
                all.merge(counters)
            }
        }
        return all
    }

    /// Tells sessions where they are and closes them, spread over `seconds`, or sooner if there are few;
    /// producers get their receipts first. Returns when all are told.
    func drain(seconds: Int, reason: String) async {
        var plan = DrainPlan(seconds: seconds)
        let hubs = Array(self.hubs.values)
        for hub in hubs { hub.execute { $0.drainProducers() } }
        var remaining: [Int] = []
        for hub in hubs {
            remaining.append((try? await hub.submit { $0.dispatcher.sessionCount }) ?? 0)
        }
        let clock = ContinuousClock()
        while remaining.contains(where: { $0 > 0 }) {
            let next = clock.now.advanced(by: .milliseconds(DrainPlan.sliceMilliseconds))
            for (index, count) in plan.next(of: remaining).enumerated() {
                remaining[index] =
                    (try? await hubs[index].submit {
                        $0.dispatcher.drain(count, reason: reason)
                    }) ?? 0
            }
            guard remaining.contains(where: { $0 > 0 }) else { break }
            try? await clock.sleep(until: next)
        }
    }

    /// Lets all sessions see what `policy` allows, and returns when all do.
    func become(_ policy: AccessPolicy) async {
        for hub in self.hubs.values { _ = try? await hub.submit { $0.become(policy) } }
    }

    /// Closes all WebSockets and stops the clocks.
    func stop() {
        for task in self.ticks { task.cancel() }
        for hub in self.hubs.values {
            hub.execute { $0.closeAll() }
        }
    }
}

/// Whether a wake is on its way to an event loop.
private final class WakeFlag: Sendable {
    private let isRaised = Atomic(false)

    /// Raises the flag; returns false if it was up already.
    func raise() -> Bool {
        !self.isRaised.exchange(true, ordering: .acquiringAndReleasing)
    }

    func lower() {
        self.isRaised.store(false, ordering: .sequentiallyConsistent)
    }
}

extension NIOLoopBound {
    /// Runs `body` with the value on its event loop.
    fileprivate func execute(_ body: @escaping @Sendable (Value) -> Void) where Value: AnyObject {
        self.eventLoop.execute { body(self.value) }
    }

    /// The same, and waits for what `body` returns.
    fileprivate func submit<Result: Sendable>(
        _ body: @escaping @Sendable (Value) -> Result
    ) async throws -> Result where Value: AnyObject {
        try await self.eventLoop.submit { body(self.value) }.get()
    }
}
