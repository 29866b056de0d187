import LivelogClient
import TestSupport
import Testing

@Suite struct BatchBuilderTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func batchesAreTheInputsLinesWithinTheLimits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let input = Self.input(using: &generator)
        let limits = try BatchBuilder.Limits(
            changes: Int.random(in: 1...7, using: &generator),
            bytes: Int.random(in: 1...60, using: &generator))
        let batches = try Self.batches(of: input, limits: limits, using: &generator)

        let lines = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let wanted = lines.enumerated().filter { !Self.isBlank($0.element) }
        #expect(batches.flatMap(\.body) == wanted.flatMap { $0.element + [UInt8(ascii: "\n")] })
        #expect(batches.flatMap(\.lineNumbers) == wanted.map { $0.offset + 1 })
        var changes = 0
        for batch in batches {
            #expect(1...limits.changes ~= batch.count)
            #expect(batch.body.count <= limits.bytes || batch.count == 1)
            changes += batch.count
            #expect(batch.lastChange == UInt64(changes))
        }
        // A batch ends only where one more line would have been too much.
        for (batch, following) in zip(batches, batches.dropFirst()) {
            let next = following.body.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            #expect(batch.count == limits.changes || batch.body.count + next > limits.bytes)
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func howTheInputArrivesDoesNotMatter(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let input = Self.input(using: &generator)
        let limits = try BatchBuilder.Limits(changes: 3, bytes: 40)
        let first = try Self.batches(of: input, limits: limits, using: &generator)
        let second = try Self.batches(of: input, limits: limits, using: &generator)
        #expect(first == second)
        #expect(Set(first.map(\.key)).count == first.count)
    }

    @Test func aLastLineIsTheSameWithAndWithoutALineFeed() throws {
        var generator = SeededGenerator(seed: 1)
        let limits = try BatchBuilder.Limits()
        let with = try Self.batches(of: Array("{}\n{}\n".utf8), limits: limits, using: &generator)
        let without = try Self.batches(of: Array("{}\n{}".utf8), limits: limits, using: &generator)
        #expect(with.map(\.key) == without.map(\.key))
        #expect(with.map(\.body) == without.map(\.body))
        #expect(with.map(\.inputBytes) == [6])
        #expect(without.map(\.inputBytes) == [5])
    }

    @Test(arguments: ["", "\n", " \n\t\r\n\n", "  "])
    func inputWithoutChangesHasNoBatches(input: String) throws {
        var generator = SeededGenerator(seed: 1)
        let batches = try Self.batches(
            of: Array(input.utf8), limits: BatchBuilder.Limits(), using: &generator)
        #expect(batches.isEmpty)
    }

    @Test func aRefusedLineIsFoundInTheInput() throws {
        var builder = BatchBuilder(limits: try BatchBuilder.Limits(changes: 2))
        try builder.append(Array("\na\n\n\nb\nc\n\nd".utf8))
        try builder.finish()
        var batches: [Batch] = []
        while let batch = builder.next() { batches.append(batch) }
        try #require(batches.count == 2)
        let (first, second) = (batches[0], batches[1])
        #expect(first.inputLine(ofBodyLine: 1) == 2)
        #expect(first.inputLine(ofBodyLine: 2) == 5)
        #expect(second.inputLine(ofBodyLine: 1) == 6)
        #expect(second.inputLine(ofBodyLine: 2) == 8)
        #expect(second.inputLine(ofBodyLine: 3) == nil)
        #expect(second.inputLine(ofBodyLine: 0) == nil)
    }

    @Test(arguments: [false, true])
    func aLineThatNoServerTakesIsRefused(isTerminated: Bool) throws {
        let most = BatchBuilder.Limits.mostBytes
        var builder = BatchBuilder(limits: try BatchBuilder.Limits())
        let longest = [UInt8](repeating: UInt8(ascii: "x"), count: most - 1)
        try builder.append(longest + [UInt8(ascii: "\n")])
        let tooLong = longest + [UInt8(ascii: "x")] + (isTerminated ? [UInt8(ascii: "\n")] : [])
        let error = #expect(throws: ClientError.self) {
            try builder.append(tooLong)
            try builder.finish()
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("line 2 ") == true)
    }

    @Test(arguments: [(0, 1), (100_001, 1), (1, 0), (1, 8_388_609)])
    func limitsBeyondAServersAreRefused(changes: Int, bytes: Int) {
        #expect(throws: ClientError.self) {
            try BatchBuilder.Limits(changes: changes, bytes: bytes)
        }
    }

    /// Lines of all lengths, some of them blank, with or without a line feed at the end.
    private static func input(using generator: inout SeededGenerator) -> [UInt8] {
        var input: [UInt8] = []
        for _ in 0..<Int.random(in: 0...30, using: &generator) {
            let alphabet =
                Bool.random(using: &generator) ? Array("ab \t".utf8) : Array(" \t\r".utf8)
            for _ in 0..<Int.random(in: 0...30, using: &generator) {
                input.append(alphabet.randomElement(using: &generator) ?? 0)
            }
            input.append(UInt8(ascii: "\n"))
        }
        if Bool.random(using: &generator) { input += "last".utf8 }
        return input
    }

    /// Cuts `input`, which is given in random pieces.
    private static func batches(
        of input: [UInt8], limits: BatchBuilder.Limits, using generator: inout SeededGenerator
    ) throws -> [Batch] {
        var builder = BatchBuilder(limits: limits)
        var batches: [Batch] = []
        var rest = input[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...20, using: &generator))
            rest = rest.dropFirst(piece.count)
            try builder.append(Array(piece))
            while let batch = builder.next() { batches.append(batch) }
        }
        try builder.finish()
        while let batch = builder.next() { batches.append(batch) }
        return batches
    }

    private static func isBlank(_ line: ArraySlice<UInt8>) -> Bool {
        line.allSatisfy { " \t\r".utf8.contains($0) }
    }
}
