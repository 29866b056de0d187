import LogFormat
package import LogModel
import WireProtocol

/// What is sent again of one batch of a log.
package struct ReplayBatch: Sendable {
    /// The offset of the batch's first record, which is also its number: it rises from batch to batch.
    package let first: Offset
    /// The offset after the batch's last record.
    package internal(set) var end: Offset
    /// The epoch of its records.
    package let epoch: Epoch
    /// When it was appended, in microseconds since 1970.
    package internal(set) var time: Int64 = 0
    /// The records that are sent again, ascending; never empty in a batch that was read.
    package internal(set) var offsets: [Offset] = []
    /// The message of `livelog.producer.v1` that sends them.
    package internal(set) var message: [UInt8]

    /// Begins a batch without records.
    init(first: Offset, epoch: Epoch) {
        self.first = first
        self.end = first
        self.epoch = epoch
        self.message = Array("{\"batch\":\(first.rawValue),\"changes\":[".utf8)
    }

    /// Adds a record.
    mutating func add(_ record: borrowing RecordView, _ renderer: ChangeRenderer) {
        if self.offsets.isEmpty { self.time = record.time }
        self.offsets.append(record.offset)
        renderer.append(record, to: &self.message)
        // A line becomes an element.
        self.message[self.message.count - 1] = UInt8(ascii: ",")
    }

    /// Ends the batch, which has a record, before `end`.
    mutating func finish(at end: Offset) {
        self.end = end
        self.message[self.message.count - 1] = UInt8(ascii: "]")
        self.message.append(UInt8(ascii: "}"))
    }
}
