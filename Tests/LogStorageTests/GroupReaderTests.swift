import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Readers of groups and instances against a look at every change, over growing, sealed and cold segments.
@Suite struct GroupReaderTests {
    private static func log(_ seed: UInt64) throws -> AgedLog {
        try AgedLog(seed: seed, batches: 260, upkeep: Upkeep(coldAge: 120))
    }

    /// What `reader` finds: the same by offsets and by records.
    private static func read(_ reader: GroupReader) throws -> [Offset] {
        var (reader, other) = (reader, reader)
        var offsets: [Offset] = []
        while let offset = try reader.next() { offsets.append(offset) }
        var records: [Offset] = []
        while try other.nextRecord({ records.append($0.offset) }) {}
        #expect(records == offsets)
        return offsets
    }

    @Test(arguments: 1...4, [false, true])
    func everyGroupIsReadFromEveryPlace(seed: UInt64, reopens: Bool) throws {
        var aged = try Self.log(seed)
        #expect(try aged.directory.coldSegments().count >= 2)
        #expect(try aged.directory.segments().count >= 3)
        if reopens { try aged.reopen(closing: seed % 2 == 0) }
        let log = aged.writer.log
        var mill = ChangeMill(seed: seed)
        for group in ChangeMill.allGroups {
            let hash = log.hasher.groupHash(group)
            for _ in 0..<6 {
                let start = mill.number(aged.oracle.count + 1)
                let end = start + mill.number(aged.oracle.count - start + 1)
                let reader = GroupReader(
                    log, .any([hash]), from: Offset(UInt64(start)), to: Offset(UInt64(end)))
                #expect(
                    try Self.read(reader) == aged.oracle.offsets(of: group, in: start..<end),
                    "\(group), \(start)..<\(end)")
            }
        }
    }

    @Test(arguments: 1...3)
    func unionsAndIntersectionsAreThoseOfSets(seed: UInt64) throws {
        let aged = try Self.log(seed)
        let log = aged.writer.log
        var mill = ChangeMill(seed: seed + 100)
        let groups = ChangeMill.allGroups
        for _ in 0..<200 {
            let chosen = (0...mill.number(3)).map { _ in groups[mill.number(groups.count)] }
            let start = mill.number(aged.oracle.count)
            let sets = chosen.map {
                Set(aged.oracle.offsets(of: $0, in: start..<aged.oracle.count))
            }
            let union = sets.reduce(Set()) { $0.union($1) }
            let common = sets.dropFirst().reduce(sets[0]) { $0.intersection($1) }
            let hashes = chosen.map { log.hasher.groupHash($0) }
            let from = Offset(UInt64(start))
            #expect(try Self.read(GroupReader(log, .any(hashes), from: from)) == union.sorted())
            #expect(try Self.read(GroupReader(log, .all(hashes), from: from)) == common.sorted())
        }
        #expect(try Self.read(GroupReader(log, .any([]), from: .zero)).isEmpty)
        #expect(try Self.read(GroupReader(log, .all([]), from: .zero)).isEmpty)
    }

    @Test func aReaderFindsWhatIsAppendedLater() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        let group = TestGroup("list_id", .number(1))
        let hash = writer.log.hasher.groupHash(
            GroupKey(model: "todo.Task", property: group.property, value: group.value))
        var reader = GroupReader(writer.log, .any([hash]), from: .zero)
        var found: [Offset] = []
        let padding = String(repeating: "x", count: 5000)
        for number in 0..<60 {
            let groups = number % 3 == 0 ? [group] : []
            try writer.commit([
                [TestChange(key: .number(number), groups: groups, instance: padding)]
            ])
            while let offset = try reader.next() { found.append(offset) }
            #expect(reader.cursor == Offset(UInt64(number + 1)))
        }
        #expect(found == (0..<20).map { Offset(UInt64(3 * $0)) })
    }

    @Test(arguments: 1...3, [false, true])
    func instancesAndGroupsAreWhatTheyWereAtEveryOffset(seed: UInt64, reopens: Bool) throws {
        var aged = try Self.log(seed)
        if reopens { try aged.reopen(closing: true) }
        let log = aged.writer.log
        var mill = ChangeMill(seed: seed + 7)
        for (model, key) in aged.oracle.instances {
            let all = aged.oracle.history(model: model, key: key, before: aged.oracle.count)
            #expect(try log.history(model: model, key: key, limit: .max) == all)
            #expect(try log.history(model: model, key: key, limit: 3) == Array(all.prefix(3)))
            #expect(try log.latestRecord(model: model, key: key) == all.last)
            for (place, offset) in all.enumerated() where place % 5 == 0 {
                let before = place > 0 ? all[place - 1] : nil
                #expect(try log.previousRecord(of: offset) == before)
            }
            for _ in 0..<8 {
                let end = mill.number(aged.oracle.count + 1)
                let expected = all.last { $0 < Offset(UInt64(end)) }
                let found = try log.latestRecord(
                    model: model, key: key, before: Offset(UInt64(end)))
                #expect(found == expected, "\(model) \(key) before \(end)")
            }
        }
        for group in ChangeMill.allGroups {
            let end = mill.number(aged.oracle.count + 1)
            #expect(
                try log.members(of: group, before: Offset(UInt64(end)))
                    == aged.oracle.members(of: group, before: end), "\(group) before \(end)")
        }
        #expect(try log.latestRecord(model: "todo.Task", key: "nobody") == nil)
        #expect(try log.history(model: "todo.Task", key: "nobody", limit: 5).isEmpty)
    }

    /// Whether an instance is in the group by then, or has left it with that record.
    @Test(arguments: 1...3, [false, true])
    func theLastRecordOfAGroupIsFoundFromEveryOffset(seed: UInt64, reopens: Bool) throws {
        var aged = try Self.log(seed)
        if reopens { try aged.reopen(closing: true) }
        let log = aged.writer.log
        for group in ChangeMill.allGroups {
            let all = aged.oracle.offsets(of: group, in: 0..<aged.oracle.count)
            for end in stride(from: 0, through: aged.oracle.count, by: 7) {
                let bound = Offset(UInt64(end))
                #expect(
                    try log.latestRecord(of: group, before: bound) == all.last { $0 < bound },
                    "\(group) before \(end)")
            }
        }
        let nobody = GroupKey(model: "todo.Task", property: "nobody", value: .null)
        #expect(try log.latestRecord(of: nobody, before: Offset(.max)) == nil)
    }

    /// Whatever is wrong with it, an index is made again from the records, and its file written again.
    @Test(arguments: ["absent", "empty", "cut", "flipped", "foreign", "of another segment"])
    func anIndexThatIsNoGoodIsBuiltAgain(fault: String) throws {
        var aged = try Self.log(9)
        let foreign = try Self.log(9)
        try aged.writer.close()
        let names = try aged.directory.snapshot().keys.filter { $0.hasSuffix(".index") }.sorted()
        #expect(names.count >= 4)
        let whole = try aged.directory.snapshot()
        for (place, name) in names.enumerated() {
            let bytes = whole[name] ?? []
            switch fault {
            case "absent": try aged.directory.remove(name)
            case "empty": try aged.directory.write([], to: name)
            case "cut": try aged.directory.write(Array(bytes.dropLast(9)), to: name)
            case "flipped":
                try aged.directory.flip(name, at: 97 * place % bytes.count)
                try aged.directory.flip(name, at: bytes.count / 2)
            case "foreign": try aged.directory.write(try foreign.directory.bytes(name), to: name)
            default:
                try aged.directory.write(whole[names[(place + 1) % names.count]] ?? [], to: name)
            }
        }
        try aged.reopen(closing: false)
        let log = aged.writer.log
        for group in ChangeMill.allGroups {
            let reader = GroupReader(log, .any([log.hasher.groupHash(group)]), from: .zero)
            let expected = aged.oracle.offsets(of: group, in: 0..<aged.oracle.count)
            #expect(try Self.read(reader) == expected)
        }
        let rebuilt = try aged.maintain().filter {
            if case .rebuiltIndex = $0 { true } else { false }
        }
        #expect(rebuilt.count == names.count)
        for name in names { #expect(try aged.directory.bytes(name) == whole[name]) }
    }
}
