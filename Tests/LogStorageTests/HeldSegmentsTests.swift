import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Places by time, and how frequent a group is, against a look at every change.
@Suite struct HeldSegmentsTests {
    private static let states: [Upkeep] = [
        Upkeep(coldAge: nil), Upkeep(coldAge: 40),
        Upkeep(coldAge: nil, compactAge: 30, tombstoneAge: 60),
        Upkeep(coldAge: nil, retainByteCount: 4 * LogOptions.segmentByteCountMin),
    ]

    private static func firstKept(_ aged: AgedLog, at time: Int64) throws -> Offset {
        let log = aged.writer.log
        for offset in log.first.rawValue..<UInt64(aged.oracle.count)
        where aged.oracle.times[Int(offset)] >= time {
            if try log.withRecord(at: Offset(offset), { _ in true }) == true {
                return Offset(offset)
            }
        }
        return log.watermarks.visible
    }

    @Test(arguments: 0..<4, [false, true])
    func theFirstRecordThatIsNotBeforeATimeIsFound(state: Int, reopens: Bool) throws {
        var aged = try AgedLog(seed: 3, batches: 240, upkeep: Self.states[state])
        if reopens { try aged.reopen(closing: true) }
        #expect(HeldSegments(aged.writer.log).count >= 3)
        let times = Array(-1...aged.now + 2) + [.min, .max]
        for time in times {
            #expect(
                try aged.writer.log.offset(at: time) == Self.firstKept(aged, at: time), "\(time)")
        }
    }

    @Test func anEmptyLogHasOnePlace() throws {
        let log = try ScratchDirectory().open().writer.log
        for time in [Int64.min, 0, .max] { #expect(try log.offset(at: time) == .zero) }
        #expect(log.rarity(of: 5) == 0)
    }

    @Test func whatIsNotVisibleYetHasNoPlace() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        try writer.append([TestChange()], time: 10)
        try writer.commit()
        try writer.append([TestChange(key: .number(2))], time: 20)
        #expect(try writer.log.offset(at: 10) == .zero)
        #expect(try writer.log.offset(at: 11) == Offset(1))
        try writer.commit()
        #expect(try writer.log.offset(at: 11) == Offset(1))
        #expect(try writer.log.offset(at: 21) == Offset(2))
    }

    /// Times do not decrease whatever the clock does, also not over an opening.
    @Test func aClockThatGoesBackIsNotBelieved() throws {
        let directory = try ScratchDirectory()
        do {
            let writer = try directory.open().writer
            for time: Int64 in [50, 40, 60] {
                try writer.append([TestChange(key: .number(Int(time)))], time: time)
            }
            try writer.commit()
        }
        let writer = try directory.open().writer
        try writer.append([TestChange(key: .number(1))], time: 5)
        try writer.commit()
        let places: [(time: Int64, offset: UInt64)] = [(50, 0), (51, 2), (60, 2), (61, 4)]
        for (time, offset) in places {
            #expect(try writer.log.offset(at: time) == Offset(offset), "\(time)")
        }
    }

    @Test(arguments: [false, true])
    func aFrequentGroupIsToldFromARareOne(isSealed: Bool) throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        let padding = String(repeating: "x", count: isSealed ? 1500 : 10)
        for number in 0..<300 {
            var groups = [TestGroup("owner", .number(number % 3))]
            if number % 100 == 0 { groups.append(TestGroup("list", .number(1))) }
            try writer.append([
                TestChange(key: .number(number), groups: groups, instance: "{\"p\":\"\(padding)\"}")
            ])
            try writer.commit()
        }
        #expect((HeldSegments(writer.log).count > 6) == isSealed)
        func rarity(_ property: Text, _ value: Scalar) -> Int {
            let group =
                property.bytes.isEmpty
                ? GroupKey(model: "todo.Task")
                : GroupKey(model: "todo.Task", property: property, value: value)
            return writer.log.rarity(of: writer.log.hasher.groupHash(group))
        }
        #expect((290...310).contains(rarity("", .null)))
        #expect((90...110).contains(rarity("owner", .number(1))))
        #expect(rarity("list", .number(1)) < 20)
        #expect(rarity("owner", .number(7)) == 0)
    }
}
