import NIOCore
import NIOPosix

/// A connection of livelog.producer.v1: batches follow each other, receipts come in their order.
final class ProducerLane: PublisherLane, WebSocketUser {
    /// Batches that the server reads ahead.
    static let unansweredMost = 256

    let separator: StaticString = ","
    private let load: Load
    private let unansweredMax: Int
    private var channel: (any Channel)?
    private var number: UInt64 = 0
    private var unanswered = CircularBuffer<(count: Int, acknowledged: (UInt64) -> Void)>()
    private var isClosing = false

    /// Creates a lane that is not connected.
    private init(load: Load, unansweredMax: Int) {
        self.load = load
        self.unansweredMax = unansweredMax
    }

    /// Connects.
    ///
    /// - Parameter unansweredMax: Batches without a receipt, at most.
    static func open(
        load: Load, port: Int, unansweredMax: Int = ProducerLane.unansweredMost
    ) async throws -> ProducerLane {
        let lane = ProducerLane(load: load, unansweredMax: min(unansweredMax, Self.unansweredMost))
        let client = NIOLoopBound(
            WebSocketClient(user: lane, path: "/ws/publish/", subprotocol: "livelog.producer.v1"),
            eventLoop: load.eventLoop)
        _ = try await load.bootstrap(isSmall: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(client.value)
                }
            }
            .connect(host: load.host, port: port).get()
        try await load.wait(atMost: 60) {
            lane.channel != nil
        } late: {
            "no WebSocket for a publisher"
        }
        return lane
    }

    var canTake: Bool {
        self.unanswered.count < self.unansweredMax && self.channel?.isWritable == true
    }
    var unansweredCount: Int { self.unanswered.count }

    func begin(byteCount: Int) -> ByteBuffer {
        var batch = ByteBuffer()
        batch.reserveCapacity(byteCount + 64)
        batch.writeString(#"{"batch":\#(self.number),"changes":["#)
        self.number += 1
        return batch
    }

    func send(
        _ batch: ByteBuffer, count: Int, from time: UInt64, acknowledged: @escaping (UInt64) -> Void
    ) {
        guard let channel = self.channel else { return }
        var batch = batch
        batch.writeStaticString("]}")
        var frame = channel.allocator.buffer(capacity: batch.readableBytes + 14)
        WebSocketFrame.write(.text, batch, to: &frame)
        self.unanswered.append((count, acknowledged))
        channel.writeAndFlush(frame, promise: nil)
    }

    func close() {
        self.isClosing = true
        self.channel?.close(promise: nil)
    }

    func opened(_ channel: any Channel) { self.channel = channel }

    func received(_ message: ByteBufferView, on channel: any Channel, at now: UInt64) {
        // A receipt for fewer would be a loss.
        guard message.starts(with: #"{"receipt""#), let batch = self.unanswered.popFirst(),
            message.contains(#""count":\#(batch.count),"#)
        else {
            return self.load.fail(
                LoadError(
                    .refused,
                    "events were refused: \(String(decoding: message.prefix(500), as: UTF8.self))"))
        }
        batch.acknowledged(now)
    }

    func finishedReading(at now: UInt64) {}

    func closed(_ reason: String) {
        guard !self.isClosing else { return }
        self.load.fail(LoadError(.closed, "the publisher's connection: \(reason)"))
    }
}
