import LogFormat
import LogModel
import TestSupport
import Testing

struct RecordRoundTripTests {
    private static let seed: UInt32 = 0x5EED_5EED

    /// Whether the group at `index` of the record `bytes` is `group`.
    private static func isGroup(_ index: Int, of bytes: [UInt8], _ group: GroupKey) -> Bool {
        let record = RecordView(trusting: bytes.span.bytes, at: 0)
        return record.isGroup(record.group(index), group)
    }

    @Test func randomRecordsComeBackAsTheyWere() throws {
        var random = SeededGenerator.ofThisRun()
        for round in 0..<500 {
            let sample = RecordSample.random(&random)
            let (bytes, checksum) = sample.encoded(seed: Self.seed)
            let back = try RecordSample(checking: bytes, seed: Self.seed)
            #expect(back == sample, "round \(round) of \(random)")
            #expect(bytes.count % RecordLayout.alignment == 0)
            let view = RecordView(trusting: bytes.span.bytes, at: 0)
            #expect(view.checksum == checksum)
            #expect(view.count == bytes.count)
        }
    }

    @Test func recordsFollowEachOtherWithoutGaps() throws {
        var random = SeededGenerator.ofThisRun()
        let samples = (0..<50).map { _ in RecordSample.random(&random) }
        let bytes = samples.flatMap { $0.encoded(seed: Self.seed).bytes }
        var position = 0
        for (index, sample) in samples.enumerated() {
            let back = try RecordSample(checking: bytes, at: position, seed: Self.seed)
            #expect(back == sample, "record \(index) of \(random)")
            position += RecordView(trusting: bytes.span.bytes, at: position).count
        }
        #expect(position == bytes.count)
    }

    @Test func theSmallestRecordHasTheSmallestLength() throws {
        let sample = RecordSample(model: "m", key: .number(1), instance: "")
        let bytes = sample.encoded(seed: Self.seed).bytes
        #expect(bytes.count == RecordLayout.countMin)
        #expect(try RecordSample(checking: bytes, seed: Self.seed) == sample)
    }

    @Test func everyLengthIsPadded() throws {
        for count in 0..<24 {
            let sample = RecordSample(instance: Text(String(repeating: "x", count: count)))
            let bytes = sample.encoded(seed: Self.seed).bytes
            #expect(bytes.count == (88 + 24 + 2 + count + 7) / 8 * 8)
            #expect(try RecordSample(checking: bytes, seed: Self.seed) == sample)
        }
    }

    @Test func theModelGroupHasNoPropertyAndNull() throws {
        let bytes = RecordSample().encoded(seed: Self.seed).bytes
        let record = try RecordView(checking: bytes.span.bytes, at: 0, seed: Self.seed)
        let entry = record.group(0)
        #expect(entry.isModelGroup)
        #expect(Self.isGroup(0, of: bytes, GroupKey(model: "m")))
        #expect(!Self.isGroup(0, of: bytes, GroupKey(model: "n")))
        #expect(!Self.isGroup(0, of: bytes, GroupKey(model: "m", property: "", value: .string(""))))
    }

    @Test func nullIsKeptApartFromTheEmptyString() throws {
        var sample = RecordSample()
        sample.groups.append(
            RecordSample.Group(hash: 2, membership: .stayed, property: "p", value: .null))
        sample.groups.append(
            RecordSample.Group(hash: 3, membership: .left, property: "p", value: .string("")))
        let bytes = sample.encoded(seed: Self.seed).bytes
        #expect(try RecordSample(checking: bytes, seed: Self.seed) == sample)
        let record = RecordView(trusting: bytes.span.bytes, at: 0)
        let null = GroupKey(model: "m", property: "p", value: .null)
        let empty = GroupKey(model: "m", property: "p", value: .string(""))
        #expect(Self.isGroup(1, of: bytes, null))
        #expect(!Self.isGroup(1, of: bytes, empty))
        #expect(Self.isGroup(2, of: bytes, empty))
        #expect(!Self.isGroup(2, of: bytes, null))
        #expect(!record.group(1).isModelGroup)
    }

    /// A group is its bytes: of a number and of a string with the same text there is one.
    @Test func aGroupIsFoundWhateverTheTypeOfItsValue() throws {
        var sample = RecordSample()
        sample.groups.append(
            RecordSample.Group(hash: 2, membership: .entered, property: "p", value: .number(1)))
        let bytes = sample.encoded(seed: Self.seed).bytes
        let record = try RecordView(checking: bytes.span.bytes, at: 0, seed: Self.seed)
        let entry = record.group(1)
        #expect(
            Self.isGroup(1, of: bytes, GroupKey(model: "m", property: "p", value: .string("1"))))
        #expect(!Self.isGroup(1, of: bytes, GroupKey(model: "m", property: "p", value: .number(2))))
        #expect(!Self.isGroup(1, of: bytes, GroupKey(model: "m", property: "q", value: .number(1))))
        #expect(entry.valueKind == .number)
    }

    @Test func theLongestTextsAreKept() throws {
        let long = Text(bytes: [UInt8](repeating: UInt8(ascii: "x"), count: 65535))
        var sample = RecordSample()
        sample.model = long
        sample.key = Scalar(kind: .string, text: long)
        sample.groups.append(
            RecordSample.Group(
                hash: .max, membership: .left, property: long,
                value: Scalar(kind: .string, text: long), previousDistance: .max))
        sample.offset = Offset(UInt64.max - 1)
        sample.durable = sample.offset
        sample.previousOfKey = Offset(UInt64.max - 2)
        sample.time = .max
        sample.keyHash = .max
        sample.producer = ProducerIdentity(
            id: ProducerIdentity.ID(low: .max, high: .max), sequence: .max)
        let bytes = sample.encoded(seed: Self.seed).bytes
        #expect(try RecordSample(checking: bytes, seed: Self.seed) == sample)
    }

    @Test func theLongestRecordIsKept() throws {
        var sample = RecordSample()
        let room = RecordLayout.countMax - RecordLayout.countMin + 6
        sample.instance = Text(bytes: [UInt8](repeating: UInt8(ascii: "x"), count: room))
        let bytes = sample.encoded(seed: Self.seed).bytes
        #expect(bytes.count == RecordLayout.countMax)
        #expect(try RecordSample(checking: bytes, seed: Self.seed) == sample)
    }

    @Test func aRecordThatIsTooLongTraps() async {
        await #expect(processExitsWith: .failure) {
            var sample = RecordSample()
            let room = RecordLayout.countMax - RecordLayout.countMin + 7
            sample.instance = Text(bytes: [UInt8](repeating: UInt8(ascii: "x"), count: room))
            _ = sample.encoded(seed: 0)
        }
    }

    @Test func manyGroupsAndViewsAreKept() throws {
        var sample = RecordSample()
        for index in 1..<2000 {
            sample.groups.append(
                RecordSample.Group(
                    hash: UInt64(index), membership: .stayed, property: Text("p\(index)"),
                    value: .number(index)))
        }
        sample.views = (0..<300).map {
            RecordSample.View(name: Text("view \($0)"), json: Text("[\($0)]"))
        }
        let bytes = sample.encoded(seed: Self.seed).bytes
        #expect(try RecordSample(checking: bytes, seed: Self.seed) == sample)
    }
}

extension RecordSample {
    fileprivate static func random(_ random: inout SeededGenerator) -> RecordSample {
        func text(_ counts: ClosedRange<Int>) -> Text {
            Text(bytes: random.bytes(Int.random(in: counts, using: &random)))
        }
        func scalar() -> Scalar {
            let kind = Scalar.Kind.allCases.randomElement(using: &random) ?? .null
            return kind == .null ? .null : Scalar(kind: kind, text: text(0...20))
        }
        var sample = RecordSample()
        sample.offset = Offset(random.next() >> UInt64.random(in: 1...40, using: &random))
        sample.durable = Offset(UInt64.random(in: 0...sample.offset.rawValue, using: &random))
        sample.time = Int64(bitPattern: random.next())
        sample.keyHash = random.next()
        if let last = sample.offset.previous, Bool.random(using: &random) {
            sample.previousOfKey = Offset(UInt64.random(in: 0...last.rawValue, using: &random))
        }
        if Bool.random(using: &random) {
            sample.producer = ProducerIdentity(
                id: ProducerIdentity.ID(low: random.next(), high: random.next()),
                sequence: random.next())
        }
        sample.isFirstOfBatch = Bool.random(using: &random)
        sample.isLastOfBatch = Bool.random(using: &random)
        sample.action = Action.allCases.randomElement(using: &random) ?? .created
        sample.model = text(1...40)
        sample.key = Scalar(kind: .string, text: text(1...40))
        let distanceMax = UInt32(clamping: sample.offset.rawValue)
        for _ in 0..<Int.random(in: 0...10, using: &random) {
            sample.groups.append(
                Group(
                    hash: random.next(),
                    membership: Membership.allCases.randomElement(using: &random) ?? .left,
                    property: text(0...20), value: scalar(),
                    previousDistance: UInt32.random(in: 0...distanceMax, using: &random)))
        }
        sample.instance = text(0...500)
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            sample.views.append(View(name: text(0...20), json: text(0...200)))
        }
        return sample
    }
}
