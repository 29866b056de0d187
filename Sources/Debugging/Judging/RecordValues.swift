import LogFormat
import LogModel

/// One side of a record: what its instance was just before it, or is after it.
package enum RecordSide: Hashable, Sendable, CaseIterable {
    /// Just before the record.
    case before
    /// After it.
    case after
}

/// What a record carries of its instance's properties, as plain values.
///
/// Conditions and rules are judged by it apart from the matcher, for explanations and recorded sessions, so that a fault
/// of one of both is seen.
struct RecordValues: Sendable {
    /// One group.
    struct Entry: Sendable {
        let property: Text
        let value: Scalar
        let membership: Membership

        /// Whether the instance has the value at that side.
        func isOf(_ side: RecordSide) -> Bool {
            switch (side, self.membership) {
            case (_, .stayed), (.after, .entered), (.before, .left): true
            case (.before, .entered), (.after, .left): false
            }
        }
    }

    let model: Text
    /// The groups in the record's order; that of the model has no property.
    let entries: [Entry]

    init(_ record: borrowing RecordView) {
        self.model = Text(bytes: record.model.copy())
        var entries: [Entry] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            entries.append(
                Entry(
                    property: Text(bytes: record.property(of: entry).copy()),
                    value: Scalar(
                        kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy())),
                    membership: entry.membership))
        }
        self.entries = entries
    }

    /// Whether the instance exists at that side.
    func exists(_ side: RecordSide) -> Bool {
        self.entries.contains { $0.property.bytes.isEmpty && $0.isOf(side) }
    }

    /// The values of `property` at that side: none if the record does not carry it, rarely more than one.
    func values(of property: Text, _ side: RecordSide) -> [Scalar] {
        self.entries.filter { $0.property == property && $0.isOf(side) }.map(\.value)
    }

    /// Whether all of `conditions` hold at that side.
    func fulfil(_ conditions: [Condition], _ side: RecordSide) -> Bool {
        conditions.allSatisfy { self.fulfil($0, side) }
    }

    /// Whether `condition` holds at that side.
    func fulfil(_ condition: Condition, _ side: RecordSide) -> Bool {
        self.values(of: condition.property, side).contains { condition.test.isFulfilled(by: $0) }
    }
}
