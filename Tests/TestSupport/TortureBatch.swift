package import LogModel

/// One of an endless sequence of batches that are known by their number alone, so that a process that
/// appends them and a process that checks them need not tell each other what is in them.
///
/// Keys, groups and producers come back again and again; the instance of every record names its batch and its
/// place in it, so that no two records of the sequence are the same.
package struct TortureBatch: Hashable, Sendable {
    /// The number: the sequence of its producer, and the batch's place in the sequence.
    package let number: UInt64

    /// The batch `number`.
    package init(_ number: UInt64) {
        self.number = number
    }

    /// How many producers take turns.
    package static let producerCount: UInt64 = 4
    /// The model of all records.
    package static let model: Text = "torture.Row"
    /// The property that puts records into groups.
    package static let property: Text = "list"

    /// Who submits the batch.
    package var producer: ProducerIdentity {
        ProducerIdentity(
            id: .init(low: 1 + self.number % Self.producerCount, high: 0x746F_7274_7572_6500),
            sequence: self.number)
    }

    /// How many changes it has, from 1 to 4.
    package var count: Int { 1 + Int(self.number &* 7 % 4) }

    /// The key of the change `index`, one of eleven.
    package func key(_ index: Int) -> Scalar { .number((Int(self.number) * 3 + index) % 11) }

    /// The group of the change `index` beside the model's.
    package func list(_ index: Int) -> Scalar { .number((Int(self.number) + index) % 3) }

    /// The instance of the change `index`, of up to 3 KiB.
    package func instance(_ index: Int) -> String {
        let padding = String(
            repeating: "x", count: Int((self.number &* 2654 &+ UInt64(index) &* 977) % 3000))
        return "{\"batch\":\(self.number),\"index\":\(index),\"padding\":\"\(padding)\"}"
    }

    /// The batch as it is submitted.
    package var changes: Changes {
        var builder = ChangesBuilder()
        for index in 0..<self.count {
            builder.add(
                .updated, Self.model, key: self.key(index),
                groups: [(Self.property, self.list(index))], instance: self.instance(index))
        }
        return builder.finish()
    }
}
