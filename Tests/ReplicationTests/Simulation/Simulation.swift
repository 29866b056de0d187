import LogModel
import LogStorage
import Logging
import Replication
import Sessions
import TestSupport
import WireProtocol

/// One log, one dispatcher and a few clients on one thread, in an order that a seed decides.
///
/// The log is real. Its writer is driven step by step, so that turns of the dispatcher fall between a write,
/// its sync and its being shown. Limits are so small that each is hit all the time. A turn is run only when
/// one was asked for: a lost wake is found out as records that never come.
final class Simulation {
    private let directory: String
    private let options: LogOptions
    var random: SeededGenerator
    let findings = Findings()
    private(set) var expected = ExpectedLog()
    /// The time of the last batch.
    private(set) var now: Int64 = 0
    private var writer: LogWriter?
    private(set) var log: ChangeLog
    private(set) var dispatcher: Dispatcher
    private let limits: Dispatcher.Limits
    let sessionLimits: SessionLimits
    private let manner: SimulatedConnection.Manner
    private let padding: Int
    /// What the first subscription of each client is for, so that several are one audience; nil if each wants something
    /// else.
    let favourite: Filter?
    var livelog1: [Livelog1Client] = []
    var restLive1: [RestLive1Client] = []
    private var wantsTurn = false
    /// Tokens that were given at any time: all of them can be resumed from.
    var tokens: [(text: String, place: Offset)] = []

    init(seed: UInt64, directory: String) throws {
        var random = SeededGenerator(seed: seed)
        self.directory = directory
        let removes = random.chance(1, in: 3)
        self.options = LogOptions(
            acknowledgement: random.pick([.durable, .written]),
            segmentByteCount: LogOptions.segmentByteCountMin,
            upkeep: Self.upkeep(removes: removes, &random))
        var limits = Dispatcher.Limits()
        limits.recordsPerTurnMax = random.pick([1, 3, 3, 20])
        limits.framedByteCountPerTurnMax = random.pick([1, 600, 1 << 20])
        limits.byteCountPerTurnMax = random.pick([1, 600, 1 << 20])
        limits.writesPerTurnMax = random.pick([1, 2, 1024])
        limits.writesPerAudienceMax = random.pick([1, 2, 256])
        limits.chunksByteCountMax = random.pick([1, 300, 1 << 20])
        limits.sharedSubscriptionsMax = random.pick([0, 1, 4])
        limits.allChunksByteCountMax = random.pick([1, 1000, 1 << 20])
        limits.takenByteCountMax = random.pick([1, 500, 1 << 20])
        limits.framedByteCountPerBatchMax = random.pick([1, 2000, 1 << 20])
        limits.snapshotAgeMax = random.pick([0, 5, 1024])
        limits.catchUpByteCountMax = random.pick([1, 400, 1500, 1 << 20])
        limits.catchUpWorkPerTurnMax = random.pick([1, 2, 100])
        limits.summariesMax = random.pick([1, 4])
        limits.summaryEntriesMax = random.pick([1, 4, 1000])
        limits.postingsMax = random.pick([1, 2, 2, 3, 50])
        limits.cachedPostingsMax = random.pick([1, 4, 20, 1 << 18])
        self.limits = limits
        var sessionLimits = SessionLimits()
        sessionLimits.subscriptionsMax = random.pick([3, 8])
        sessionLimits.frameByteCountGoal = random.pick([1, 400, 1500, 1 << 20])
        sessionLimits.frameByteCountMax = random.pick([1, 300, 1 << 20])
        self.sessionLimits = sessionLimits
        self.manner = SimulatedConnection.Manner(
            blockingShare: random.pick([0, 10, 40, 90]), breakingShare: random.pick([0, 5, 20]))
        // Segments end often where something is to be removed.
        self.padding = removes ? random.pick([4000, 10_000]) : random.pick([0, 0, 100, 4000])
        let writer = try Recovery.open(LogDirectory(directory), options: self.options).writer
        self.writer = writer
        self.log = writer.log
        self.dispatcher = Dispatcher(
            log: writer.log, limits: limits, sessionLimits: sessionLimits, logger: Self.logger)
        for _ in 0..<random.below(3) {
            self.restLive1.append(RestLive1Client(findings: self.findings))
        }
        self.favourite = random.chance(1, in: 3) ? Filter(model: "a.A") : nil
        for _ in 0..<(self.favourite == nil ? 1 + random.below(3) : 4) {
            self.livelog1.append(Livelog1Client(findings: self.findings))
        }
        self.random = random
    }

    private static func upkeep(removes: Bool, _ random: inout SeededGenerator) -> Upkeep {
        var upkeep = Upkeep(coldAge: random.pick([nil, 0, 10]))
        guard removes else { return upkeep }
        upkeep.retainAge = random.pick([nil, nil, 15])
        upkeep.retainByteCount = random.pick([nil, 2, 3, 5]).map {
            $0 * LogOptions.segmentByteCountMin
        }
        upkeep.compactAge = random.pick([nil, 0, 10])
        upkeep.tombstoneAge = random.pick([0, 20])
        return upkeep
    }

    static let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    /// The offset after the last record that readers can see.
    var visible: Offset { self.log.watermarks.visible }

    /// Takes `count` steps, then lets everything come to rest. Returns the first finding.
    func run(steps count: Int) throws -> String? {
        for _ in 0..<count where self.findings.first == nil { try self.step() }
        if self.findings.first == nil { try self.settle() }
        // An open session and its connection hold each other.
        for connection in self.connections { connection.disconnect() }
        return self.findings.first
    }

    private func step() throws {
        switch self.random.below(100) {
        case ..<22: try self.append()
        case ..<26: try self.writer?.write()
        case ..<30: try self.writer?.synchronize()
        case ..<36: self.publish()
        case ..<42: try self.commit()
        case ..<62: self.turnIfWanted()
        case ..<65: try self.maintain()
        case ..<73: self.connections.randomElement(using: &self.random)?.becomeWritable()
        case ..<83: self.read()
        case ..<88: self.connectOrDisconnect()
        case ..<96: self.subscribeOrUnsubscribe()
        case ..<98: self.wantsTurn = self.dispatcher.tellProgress() || self.wantsTurn
        case ..<99: self.talkNonsense()
        default: if self.random.chance(1, in: 4) { try self.restart() }
        }
    }

    // MARK: - The log

    private static let models: [Text] = ["a.A", "b.B"]
    private static let lists: [Scalar] = [.number(1), .string("1"), .number(2), .null, .string("")]

    private func append() throws {
        var builder = ChangesBuilder()
        let count = 1 + self.random.below(self.random.pick([1, 2, 5]))
        self.now += Int64(self.random.below(4))
        for place in 0..<count {
            let action = self.random.pick([.created, .updated, .updated, .deleted] as [Action])
            let model = self.random.pick(Self.models)
            let number = self.random.below(4)
            let key: Scalar =
                self.random.chance(1, in: 8) ? .string("\(number)") : .number(number)
            var groups: [(Text, Scalar)] = []
            if self.random.chance(4, in: 5) {
                groups.append(("list_id", self.random.pick(Self.lists)))
            }
            if self.random.chance(1, in: 2) {
                groups.append(("done", .boolean(self.random.chance(1, in: 2))))
            }
            let pad = String(repeating: "x", count: self.random.below(self.padding + 1))
            let instance =
                "{\"serial\":\(self.expected.end),\"list_id\":\"list_id\",\"pad\":\"\(pad)\"}"
            builder.add(action, model, key: key, groups: groups, instance: instance)
            self.expected.append(
                action, model, key: key, groups: groups, instance: instance, time: self.now,
                isLastOfBatch: place == count - 1)
        }
        var changes = builder.finish()
        let placement = try self.writer?.append(
            0..<count, of: &changes, producer: nil, time: self.now)
        self.findings.require(
            placement?.last.next == self.expected.end, "the log gives other offsets")
    }

    /// Shows readers what they may see. The bell rings each time, also if that is nothing new.
    private func publish() {
        self.writer?.publish()
        self.wantsTurn = true
    }

    private func commit() throws {
        try self.writer?.write()
        try self.writer?.synchronize()
        self.publish()
    }

    /// Seals, compresses, compacts and removes some of what is old.
    private func maintain() throws {
        guard let maintenance = self.writer?.maintenance else { return }
        // What is old enough to be compacted was shown long ago.
        if self.options.upkeep.compactAge != nil { try self.commit() }
        for _ in 0...self.random.below(8) {
            guard let step = try maintenance.step(now: self.now) else { return }
            switch step {
            case .retained(let first):
                self.findings.require(first <= self.visible, "what nobody has seen is removed")
                self.expected.retain(from: first)
            case .compacted: try self.noteCompacted()
            default: break
            }
        }
    }

    /// Finds out which records compaction has removed.
    private func noteCompacted() throws {
        for number in self.expected.first.rawValue..<self.visible.rawValue {
            let offset = Offset(number)
            guard !self.expected.isRemoved(offset),
                try self.log.withRecord(at: offset, { _ in true }) == nil
            else { continue }
            self.findings.require(
                self.expected.compact(offset), "compaction removes the record \(offset)")
        }
    }

    /// Stops the server, properly or not, and starts another on the log.
    private func restart() throws {
        for client in self.livelog1 {
            client.read(self.random.below(4), expecting: self.expected)
            self.collectTokens(of: client)
        }
        for connection in self.connections { connection.disconnect() }
        let visible = self.visible
        if self.random.chance(1, in: 2) { try self.writer?.close() }
        self.writer = nil
        let (writer, report) = try Recovery.open(
            LogDirectory(self.directory), options: self.options)
        self.findings.require(report.end >= visible, "records that were seen are lost")
        self.findings.require(!report.hasNewEpoch, "nothing was lost, and the epoch is new")
        self.expected.cut(to: report.end)
        self.writer = writer
        self.log = writer.log
        self.dispatcher = Dispatcher(
            log: writer.log, limits: self.limits, sessionLimits: self.sessionLimits,
            logger: Self.logger)
        self.wantsTurn = false
    }

    // MARK: - The event loop

    /// Sockets that are open.
    var connections: [SimulatedConnection] {
        (self.livelog1.map(\.connection) + self.restLive1.map(\.connection))
            .compactMap { $0 }.filter { !$0.isClosed }
    }

    /// Runs a turn if the bell, a message, a socket or the turn before asked for one.
    private func turnIfWanted() {
        for connection in self.connections where connection.wantsTurn {
            connection.wantsTurn = false
            self.wantsTurn = true
        }
        guard self.wantsTurn else { return }
        self.wantsTurn = self.dispatcher.turn()
    }

    /// Opens a socket to the server.
    func connect(_ dialect: Dialect) -> SimulatedConnection {
        let connection = SimulatedConnection(
            self.dispatcher, self.manner, seed: self.random.next(), findings: self.findings)
        let session = Session(dialect: dialect, limits: self.sessionLimits)
        connection.opened(as: self.dispatcher.open(session, connection: connection))
        return connection
    }

    // MARK: - The end

    /// Shows everything, brings all clients back, and checks that each has come to the end.
    private func settle() throws {
        try self.commit()
        for client in self.livelog1 { self.reconnectIfClosed(client) }
        for client in self.restLive1 where client.connection?.isClosed != false {
            client.connection = nil
        }
        try self.rest()
        for _ in 0..<2 {
            self.wantsTurn = self.dispatcher.tellProgress() || self.wantsTurn
            try self.rest()
        }
        for client in self.livelog1 {
            client.read(.max, expecting: self.expected)
            // A socket that broke on the way has its say in another run.
            guard client.connection?.isClosed == false else { continue }
            for (id, subscription) in client.subscriptions {
                self.findings.require(
                    subscription.position == self.visible,
                    "subscription \(id) has come to \(subscription.position) of \(self.visible)")
                self.findings.require(
                    subscription.liveNumber != nil, "subscription \(id) was never live")
            }
        }
        for client in self.restLive1 where client.connection?.isClosed == false {
            client.requireAll(upTo: self.visible, self.expected)
        }
    }

    /// Lets the loop turn and the sockets drain until nobody asks for anything.
    private func rest() throws {
        for _ in 0..<20_000 where self.findings.first == nil {
            self.turnIfWanted()
            let blocked = self.connections.filter(\.isBlocked)
            if blocked.isEmpty && !self.wantsTurn
                && !self.connections.contains(where: \.wantsTurn)
            {
                return
            }
            if self.random.chance(1, in: 3) || !self.wantsTurn {
                blocked.randomElement(using: &self.random)?.becomeWritable()
            }
        }
        self.findings.note("the dispatcher does not come to rest")
    }
}
