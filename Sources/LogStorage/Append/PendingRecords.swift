import LogFormat
import LogModel

/// Encoded records that are not in the file yet.
struct PendingRecords {
    /// The records.
    var bytes: [UInt8] = []
    /// The byte of the active segment at which they go.
    var position: Int
    /// The offset of the first of them.
    var base: Offset

    /// Adds the records of `plan`, of which the first has the offset `first`, threads each to those before it, and
    /// returns the last one's checksum.
    mutating func append(
        _ plan: inout BatchPlan, of changes: Changes, from first: Offset,
        producer: ProducerIdentity?, time: Int64, durable: Offset, seed: UInt32,
        index: GrowingIndex
    ) -> UInt32 {
        var checksum: UInt32 = 0
        var offset = first
        for place in plan.steps.indices {
            let step = plan.steps[place]
            index.thread(
                &plan.groups, step.groups, keyHash: step.keyHash, through: offset,
                written: self.base)
            index.add(offset, at: self.end)
            let fields = RecordFields(
                offset: offset, durable: durable, time: time, keyHash: step.keyHash,
                previousOfKey: step.previousOfKey, producer: producer,
                isFirstOfBatch: place == 0, isLastOfBatch: place == plan.steps.count - 1)
            checksum = RecordEncoder.append(
                step.change, of: changes, groups: plan.groups[step.groups], fields: fields,
                seed: seed, to: &self.bytes)
            offset = offset.next
        }
        return checksum
    }

    /// The record that goes to the byte `position` of the active segment.
    @_lifetime(borrow self)
    func record(at position: Int) -> RecordView {
        RecordView(trusting: self.bytes.span.bytes, at: position - self.position)
    }

    /// Where the next record goes.
    var end: Int { self.position + self.bytes.count }
}
