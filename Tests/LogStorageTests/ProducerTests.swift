import LogModel
import LogStorage
import Testing

@Suite struct ProducerTests {
    private static func identity(_ id: UInt64, _ sequence: UInt64) -> ProducerIdentity {
        ProducerIdentity(id: .init(low: id, high: 7), sequence: sequence)
    }

    private let two = [TestChange(), TestChange(action: .updated)]

    @Test(arguments: [false, true])
    func aRepeatedBatchGetsItsFirstReceipt(reopens: Bool) throws {
        let directory = try ScratchDirectory()
        var writer: LogWriter? = try directory.open().writer
        try writer?.append([TestChange()])
        let first = try writer?.append(self.two, producer: Self.identity(1, 0))
        let other = try writer?.append(self.two, producer: Self.identity(2, 9))
        if reopens {
            try writer?.commit()
            writer = nil
            writer = try directory.open().writer
        }
        let again = try writer?.append(self.two, producer: Self.identity(1, 0))
        #expect(again?.text == "1 to 2, repeated")
        #expect(first?.isRepeated == false && first?.first == Offset(1))
        let otherAgain = try writer?.append(self.two, producer: Self.identity(2, 9))
        #expect(otherAgain?.first == other?.first && otherAgain?.last == other?.last)
        try writer?.commit()
        #expect(try writer?.log.records().count == 5)
    }

    @Test(arguments: [false, true])
    func anEarlierSequenceThanTheLastIsTooOld(reopens: Bool) throws {
        let directory = try ScratchDirectory()
        var writer: LogWriter? = try directory.open().writer
        try writer?.append(self.two, producer: Self.identity(1, 4))
        try writer?.append(self.two, producer: Self.identity(1, 6))
        try writer?.commit()
        if reopens {
            writer = nil
            writer = try directory.open().writer
        }
        for sequence: UInt64 in [0, 4, 5] {
            let error = #expect(throws: StorageError.self) {
                try writer?.append(self.two, producer: Self.identity(1, sequence))
            }
            #expect(error?.code == .sequenceTooOld)
            #expect(error?.message.contains("sequence 6") == true)
        }
        #expect(try writer?.append(self.two, producer: Self.identity(1, 6)).isRepeated == true)
        #expect(try writer?.append(self.two, producer: Self.identity(1, 7)).first == Offset(4))
    }

    @Test func theSameBytesFromNobodyAreNoRepetition() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        #expect(try writer.append(self.two).first == .zero)
        #expect(try writer.append(self.two).first == Offset(2))
    }

    /// However many there are, and whether their batches are in growing, sealed or cold segments.
    @Test(arguments: [false, true])
    func everyProducerIsRememberedAsLongAsItsBatchIsKept(reopens: Bool) throws {
        let directory = try ScratchDirectory()
        let upkeep = Upkeep(coldAge: 10)
        var writer: LogWriter? = try directory.open(upkeep: upkeep).writer
        let count = 700
        for id in 0..<count {
            try writer?.append(self.two, producer: Self.identity(UInt64(id), 3), time: Int64(id))
            if id % 50 == 0 {
                try writer?.commit()
                while try writer?.maintenance.step(now: Int64(id)) != nil {}
            }
        }
        try writer?.commit()
        if reopens {
            writer = nil
            writer = try directory.open(upkeep: upkeep).writer
        }
        #expect(try directory.segments().count < 4 && directory.coldSegments().count > 1)
        for id in 0..<count {
            let placement = try writer?.append(self.two, producer: Self.identity(UInt64(id), 3))
            #expect(placement?.isRepeated == true)
            #expect(placement?.first == Offset(UInt64(2 * id)))
            #expect(placement?.last == Offset(UInt64(2 * id + 1)))
        }
        #expect(throws: StorageError.self) {
            try writer?.append(self.two, producer: Self.identity(0, 2))
        }
        let newer = try writer?.append(self.two, producer: Self.identity(0, 4))
        #expect(newer?.first == Offset(UInt64(2 * count)))
    }

    @Test func aBatchThatWasRefusedIsNotTakenForARepetition() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        let large = TestChange(instance: String(repeating: "x", count: 70_000))
        #expect(throws: StorageError.self) {
            try writer.append([TestChange(), large], producer: Self.identity(1, 1))
        }
        let placement = try writer.append(self.two, producer: Self.identity(1, 1))
        #expect(placement.text == "0 to 1, new")
    }
}
