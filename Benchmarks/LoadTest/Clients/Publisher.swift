import NIOCore

/// Makes events and sends them over one or more connections.
///
/// Confined to the event loop of its ``Load``.
final class Publisher {
    private let load: Load
    private let lanes: [any PublisherLane]
    private var template: EventTemplate
    private var nextID: UInt64 = 0
    private var nextGroup = 0
    private var nextLane = 0
    /// From when the first event of a batch should have been sent until the receipt.
    var receipts = Latency()
    /// Events that were acknowledged since the last reset.
    var acknowledged = 0

    /// Creates a publisher whose lanes are open.
    init(load: Load, template: EventTemplate, lanes: [any PublisherLane]) {
        self.load = load
        self.template = template
        self.template.run = load.run
        self.lanes = lanes
    }

    /// Whether something that was sent is not acknowledged.
    var isWaiting: Bool { self.lanes.contains { $0.unansweredCount > 0 } }

    /// Sends a batch of events to `groups` in turn; the first should be sent at `time`, the others `interval`
    /// nanoseconds after each other.
    ///
    /// - Returns: Whether it was sent; `false` if every lane waits for answers.
    func publish(count: Int, groups: Range<Int>, from time: UInt64, interval: UInt64) -> Bool {
        guard let lane = self.freeLane() else { return false }
        var batch = lane.begin(byteCount: count * (self.template.byteCount + 2))
        for index in 0..<count {
            let group = groups.lowerBound + self.nextGroup % groups.count
            self.nextGroup = (self.nextGroup + 1) % groups.count
            if index > 0 { batch.writeStaticString(lane.separator) }
            self.template.write(
                Event(
                    id: self.nextID, group: group, sequence: self.load.sequences[group],
                    time: time + UInt64(index) * interval), to: &batch)
            self.nextID += 1
            self.load.sequences[group] += 1
            self.load.counters.expected += self.load.members[group]
        }
        self.load.counters.published += count
        lane.send(batch, count: count, from: time) { [unowned self] now in
            self.receipts.record(now > time ? now - time : 0)
            self.acknowledged += count
            self.load.pump?.poke(at: now)
        }
        return true
    }

    /// The next lane in turn that can take a batch.
    private func freeLane() -> (any PublisherLane)? {
        for _ in self.lanes.indices {
            let lane = self.lanes[self.nextLane]
            self.nextLane = (self.nextLane + 1) % self.lanes.count
            if lane.canTake { return lane }
        }
        return nil
    }

    /// Closes the connections.
    func close() {
        for lane in self.lanes { lane.close() }
    }
}

/// One connection of a publisher.
protocol PublisherLane: AnyObject {
    /// Whether another batch can be sent now.
    var canTake: Bool { get }
    /// Batches that were sent and not answered.
    var unansweredCount: Int { get }
    /// What stands between two events.
    var separator: StaticString { get }
    /// A buffer for a batch, with what comes before its first event.
    func begin(byteCount: Int) -> ByteBuffer
    /// Sends a batch; `acknowledged` is called with the time when it was.
    func send(
        _ batch: ByteBuffer, count: Int, from time: UInt64, acknowledged: @escaping (UInt64) -> Void
    )
    /// Ends the connection.
    func close()
}
