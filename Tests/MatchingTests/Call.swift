import LogFormat
import LogModel
import Matching
import TestSupport

/// One call of a matcher.
struct Call: Hashable {
    let subscriber: Subscriber
    let change: SetChange
    /// Which of the record's groups was given; of those that are the same, the first.
    let group: Int
}

extension Matcher {
    /// Whom `record` concerns, as the matcher says it.
    mutating func calls(for record: PlainRecord, _ hashing: Hashing = .keyed) -> [Call] {
        let encoded = record.encoded { hashing.hash($0) }
        // What is given is found again by its text.
        let texts = (0..<record.groups.count).map {
            Self.text(encoded.view, encoded.view.group($0))
        }
        var calls: [Call] = []
        self.match(encoded.view) { subscriber, change, entry in
            let group = texts.firstIndex(of: Self.text(encoded.view, entry)) ?? -1
            calls.append(Call(subscriber: subscriber, change: change, group: group))
        }
        return calls
    }

    private static func text(_ record: borrowing RecordView, _ entry: GroupEntry) -> [UInt8] {
        let isNull: UInt8 = entry.valueKind == .null ? 1 : 0
        return record.property(of: entry).copy() + [0, isNull, 0] + record.value(of: entry).copy()
    }
}
