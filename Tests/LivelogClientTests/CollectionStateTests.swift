import LivelogClient
import TestSupport
import Testing

@Suite struct CollectionStateTests {
    @Test func eachChangeSaysWhatBecomesOfItsInstance() {
        var state = CollectionState()
        #expect(state.token == nil)
        let entered = state.apply(
            Delivery(records: [.sample(1, .entered, key: "1", "a")], token: "t1"))
        #expect(entered == [.inserted(key: "1", instance: Array("a".utf8))])
        let batch = state.apply(
            Delivery(
                records: [
                    .sample(2, .updated, key: "1", "b"), .sample(3, .entered, key: "2", "c"),
                    .sample(4, .left, key: "1"), .sample(5, .left, key: "9"),
                    .sample(6, .deleted, key: "8"),
                ], token: "t6"))
        #expect(
            batch == [
                .updated(key: "1", instance: Array("b".utf8), previous: Array("a".utf8)),
                .inserted(key: "2", instance: Array("c".utf8)),
                .removed(key: "1", previous: Array("b".utf8)),
            ])
        #expect(state.items == ["2": Array("c".utf8)])
        #expect(state.apply(Delivery(records: [], token: "t7", isLive: true)).isEmpty)
        #expect(state.token == "t7")
    }

    /// An application published task 1 with the number, and later with the text "1". The log followed one task;
    /// the collection had two, of which one never changed again.
    @Test func aKeysTextIsTheKeyAsInTheLog() {
        var state = CollectionState()
        let changes = state.apply(
            Delivery(
                records: [
                    .sample(1, .entered, key: "1", "a"), .sample(2, .updated, key: "\"1\"", "b"),
                    .sample(3, .entered, key: #""a\"b""#, "c"),
                    .sample(4, .updated, key: #""\u0061\"b""#, "d"),
                ], token: "t4"))
        #expect(
            changes == [
                .inserted(key: "1", instance: Array("a".utf8)),
                .updated(key: "1", instance: Array("b".utf8), previous: Array("a".utf8)),
                .inserted(key: "a\"b", instance: Array("c".utf8)),
                .updated(key: "a\"b", instance: Array("d".utf8), previous: Array("c".utf8)),
            ])
        #expect(state.items.count == 2)
        let snapshot = state.apply(
            Delivery(
                kind: .snapshot, records: [.sample(2, .entered, key: "1", "b")], token: "t5"))
        #expect(snapshot == [.removed(key: "a\"b", previous: Array("d".utf8))])
        #expect(state.items == ["1": Array("b".utf8)])
    }

    /// Two files whose names Unicode writes in two ways were one item, because Swift's strings are equal.
    @Test func keysAreComparedByteByByte() {
        let (composed, decomposed) = ("\"caf\u{E9}\"", "\"cafe\u{301}\"")
        #expect(composed == decomposed)
        var state = CollectionState()
        _ = state.apply(
            Delivery(
                records: [
                    .sample(1, .entered, key: composed, "a"),
                    .sample(2, .entered, key: decomposed, "b"),
                ], token: "t2"))
        #expect(state.items.count == 2)
        #expect(state.items[InstanceKey("caf\u{E9}")] == Array("a".utf8))
    }

    @Test func aSnapshotReplacesEverythingAndTellsTheDifference() {
        var state = CollectionState()
        _ = state.apply(
            Delivery(
                records: [
                    .sample(1, .entered, key: "1", "a"), .sample(2, .entered, key: "2", "b"),
                    .sample(3, .entered, key: "3", "c"),
                ], token: "t3"))
        let changes = state.apply(
            Delivery(
                kind: .snapshot,
                records: [
                    .sample(1, .entered, key: "1", "a"), .sample(5, .entered, key: "2", "B"),
                    .sample(6, .entered, key: "4", "d"),
                ], token: "t6", isPartial: true))
        #expect(
            Set(changes) == [
                .updated(key: "2", instance: Array("B".utf8), previous: Array("b".utf8)),
                .inserted(key: "4", instance: Array("d".utf8)),
                .removed(key: "3", previous: Array("c".utf8)),
            ])
        #expect(changes.count == 3)
        #expect(
            state.items.mapValues { String(decoding: $0, as: UTF8.self) } == [
                "1": "a", "2": "B", "4": "d",
            ])
        #expect(state.isPartial)
        _ = state.apply(Delivery(kind: .snapshot, records: [], token: "t7"))
        #expect(state.items.isEmpty && !state.isPartial)
    }

    /// Random deliveries against a set that is kept by hand, and a follower that only sees the changes.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func theChangesLeadFromBeforeToAfter(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var state = CollectionState()
        var truth: [InstanceKey: String] = [:]
        var follower: [InstanceKey: [UInt8]] = [:]
        var offset: UInt64 = 0
        for step in 0..<60 {
            var records: [ChangeRecord] = []
            let isSnapshot = generator.chance(1, in: 8)
            for _ in 0..<generator.below(6) {
                offset += 1 + UInt64(generator.below(3))
                let key = InstanceKey("\(generator.below(8))")
                // The same key as a number or as its text.
                let json = generator.chance(1, in: 2) ? "\(key)" : "\"\(key)\""
                let wasIn = truth[key] != nil
                if generator.chance(1, in: 3) {
                    truth[key] = nil
                    let change = generator.pick([ChangeRecord.Change.left, .deleted])
                    records.append(.sample(offset, change, key: json))
                } else {
                    truth[key] = "\(offset)"
                    records.append(
                        .sample(offset, wasIn ? .updated : .entered, key: json, "\(offset)"))
                }
            }
            if isSnapshot {
                let items = truth.sorted { (UInt64($0.value) ?? 0) < (UInt64($1.value) ?? 0) }
                records = items.map {
                    .sample(UInt64($0.value) ?? 0, .entered, key: "\($0.key)", $0.value)
                }
            }
            let changes = state.apply(
                Delivery(
                    kind: isSnapshot ? .snapshot : .changes, records: records, token: "\(step)"))
            for change in changes {
                switch change {
                case .inserted(let key, let instance):
                    #expect(follower.updateValue(instance, forKey: key) == nil)
                case .updated(let key, let instance, let previous):
                    #expect(follower.updateValue(instance, forKey: key) == previous)
                case .removed(let key, let previous):
                    #expect(follower.removeValue(forKey: key) == previous)
                }
            }
            #expect(state.items == truth.mapValues { Array($0.utf8) })
            #expect(state.items == follower)
            #expect(state.token == "\(step)")
        }
    }
}

extension ChangeRecord {
    /// A record with this instance, if any; its other members do not matter.
    fileprivate static func sample(
        _ offset: UInt64, _ change: Change, key: String, _ instance: String? = nil
    ) -> ChangeRecord {
        ChangeRecord(
            offset: offset, action: .updated, change: change, key: Array(key.utf8)[...],
            instance: instance.map { Array($0.utf8)[...] }, json: [])
    }
}
