package import LogFormat
package import LogModel

/// The bytes of one record, encoded from simple values without a log.
package struct SampleRecord: Sendable {
    /// A group that the record carries.
    package struct Group: Sendable {
        /// The property; empty for the model group.
        package var property: Text
        /// The value.
        package var value: Scalar
        /// What the record does to the group.
        package var membership: Membership

        /// Creates a group; without arguments the model group, entered.
        package init(
            _ property: Text = "", _ value: Scalar = .null, _ membership: Membership = .entered
        ) {
            self.property = property
            self.value = value
            self.membership = membership
        }
    }

    /// The record, as it lies in a segment.
    package let bytes: [UInt8]

    /// The hasher of sample records.
    package static let hasher = GroupHasher(key: SipHash.Key(low: 1, high: 2))

    /// Encodes a record.
    ///
    /// - Parameters:
    ///   - instance: minified JSON; by default an object of the key, as `id`, and the groups.
    ///   - hash: gives the hash of each group; by default that of ``hasher``.
    package init(
        _ action: Action = .created, model: Text = "todolist.Task", key: Scalar = .number(1),
        offset: Offset = .zero, groups: [Group] = [Group()], instance: String? = nil,
        hash: (GroupKey) -> UInt64 = { Self.hasher.groupHash($0) }
    ) {
        var builder = ChangesBuilder()
        let pairs = groups.filter { !$0.property.bytes.isEmpty }.map { ($0.property, $0.value) }
        builder.add(action, model, key: key, groups: pairs, instance: instance)
        var changes = builder.finish()
        let planned = groups.map { group in
            PlannedGroup(
                hash: hash(GroupKey(model: model, property: group.property, value: group.value)),
                membership: group.membership, property: changes.add(group.property.bytes),
                value: Changes.ScalarSlice(
                    kind: group.value.kind, text: changes.add(group.value.text.bytes)))
        }
        let fields = RecordFields(
            offset: offset, durable: .zero, time: 0, keyHash: 1, previousOfKey: nil, producer: nil,
            isFirstOfBatch: true, isLastOfBatch: true)
        var bytes: [UInt8] = []
        RecordEncoder.append(
            changes.list[0], of: changes, groups: planned[...], fields: fields, seed: 0, to: &bytes)
        self.bytes = bytes
    }

    /// The record, as a reader sees it.
    package var view: RecordView {
        @_lifetime(borrow self) borrowing get {
            RecordView(trusting: self.bytes.span.bytes, at: 0)
        }
    }
}
