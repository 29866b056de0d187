import LogFormat
import LogModel
import Testing

struct GroupHasherTests {
    private let hasher = GroupHasher(key: ExampleLog.hashKey)

    private func keyHash(_ model: Text, _ key: Text) -> UInt64 {
        self.hasher.keyHash(model: model.bytes.span.bytes, key: key.bytes.span.bytes)
    }

    private func groupHash(_ model: Text, _ property: Text, _ value: Scalar) -> UInt64 {
        self.hasher.groupHash(GroupKey(model: model, property: property, value: value))
    }

    @Test func shiftedBoundariesAreOtherGroups() {
        let hashes: Set = [
            self.groupHash("ab", "c", .string("d")), self.groupHash("a", "bc", .string("d")),
            self.groupHash("a", "b", .string("cd")), self.groupHash("abc", "", .string("d")),
            self.groupHash("", "abc", .string("d")), self.groupHash("ab", "cd", .string("")),
        ]
        #expect(hashes.count == 6)
    }

    @Test func shiftedBoundariesAreOtherKeys() {
        #expect(self.keyHash("ab", "c") != self.keyHash("a", "bc"))
        #expect(self.keyHash("ab", "c") != self.keyHash("abc", ""))
    }

    @Test func nullIsNotTheEmptyString() {
        #expect(self.groupHash("m", "p", .null) != self.groupHash("m", "p", .string("")))
    }

    @Test func nullIsNotTheStringNull() {
        #expect(self.groupHash("m", "p", .null) != self.groupHash("m", "p", .string("null")))
    }

    @Test func aNumberAndItsTextAreOneGroup() {
        #expect(self.groupHash("m", "p", .number(1)) == self.groupHash("m", "p", .string("1")))
        #expect(
            self.groupHash("m", "p", .boolean(true)) == self.groupHash("m", "p", .string("true")))
    }

    @Test func theModelGroupIsAGroupLikeAnyOther() {
        #expect(self.hasher.groupHash(GroupKey(model: "m")) == self.groupHash("m", "", .null))
        #expect(self.hasher.groupHash(GroupKey(model: "m")) != self.groupHash("m", "", .string("")))
    }

    @Test func aKeyIsNoGroupWithTheSameBytes() {
        #expect(self.keyHash("m", "1") != self.groupHash("m", "", .number(1)))
        #expect(self.keyHash("m", "") != self.hasher.groupHash(GroupKey(model: "m")))
    }

    @Test func aProducerIsNoGroupAndNoKey() {
        let hash = self.hasher.producerHash(low: 1, high: 2)
        #expect(hash == self.hasher.producerHash(low: 1, high: 2))
        #expect(hash != self.hasher.producerHash(low: 2, high: 1))
        #expect(hash != self.hasher.producerHash(low: 1, high: 3))
        // The same sixteen bytes as a key without a model, whose length goes in first.
        let bytes: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
        let none: [UInt8] = []
        #expect(hash != self.hasher.keyHash(model: none.span.bytes, key: bytes.span.bytes))
        #expect(hash != self.hasher.keyHash(model: bytes.span.bytes, key: none.span.bytes))
    }

    @Test func formsOfUnicodeAreApart() {
        #expect(
            self.groupHash("m", "p", .string("\u{E9}"))
                != self.groupHash("m", "p", .string("e\u{301}")))
    }

    @Test func anotherLogHasOtherHashes() {
        let other = GroupHasher(key: SipHash.Key(low: ExampleLog.hashKey.low, high: 0))
        let group = GroupKey(model: "m", property: "p", value: .number(1))
        #expect(other.groupHash(group) != self.hasher.groupHash(group))
    }

    @Test func partsAndTheWholeGiveTheSameHash() {
        let group = GroupKey(model: "todolist.Task", property: "list_id", value: .number(42))
        let parts = self.hasher.groupHash(
            model: group.model.bytes.span.bytes, property: group.property.bytes.span.bytes,
            isNull: false, value: group.value.text.bytes.span.bytes)
        #expect(parts == self.hasher.groupHash(group))
    }

    /// Among so many hashes a single 0, or two that are equal, would come up by chance once in 10^9 runs.
    @Test func manyHashesAreDistinctAndNeverZero() {
        var hashes: Set<UInt64> = []
        for number in 0..<50_000 {
            hashes.insert(self.groupHash("m", "p", .number(number)))
            hashes.insert(self.keyHash("m", Text(String(number))))
        }
        #expect(hashes.count == 100_000)
        #expect(!hashes.contains(0))
    }
}
