import Debugging
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// What a replay knows of its batches, and what it keeps between runs.
@Suite struct ReplayLedgerTests {
    /// Batches of two records each.
    private static func batches(_ count: Int) throws -> [ReplayBatch] {
        try withTemporaryLog { writer in
            for number in 0..<count {
                var builder = ChangesBuilder()
                builder.add(.created, "m", key: .number(2 * number))
                builder.add(.created, "m", key: .number(2 * number + 1))
                try writer.commit(builder.finish(), time: Int64(number))
            }
            var reader = try ReplayReader(writer.log, from: .zero, to: Offset(.max))
            var batches: [ReplayBatch] = []
            while let batch = try reader.next() { batches.append(batch) }
            return batches
        }
    }

    private static func place(_ first: UInt64, epoch: String = "e") -> ReplayTally.Stretch {
        ReplayTally.Stretch(epoch: epoch, first: first, last: first + 1)
    }

    private static func acknowledge(
        _ number: UInt64, at place: ReplayTally.Stretch?, isRepeated: Bool = false,
        in ledger: inout ReplayLedger
    ) throws {
        let taken = ledger.take(number)
        let sent = try #require(taken)
        ledger.acknowledge(sent, at: place, isRepeated: isRepeated, now: .milliseconds(9))
    }

    @Test func theWindowIsBoundedAndAnswersComeInOrder() throws {
        let batches = try Self.batches(4)
        var ledger = ReplayLedger(from: .zero, window: 2, skipsRefused: false)
        for batch in batches.prefix(2) {
            #expect(ledger.window.hasRoom(for: batch))
            ledger.send(batch, due: nil)
        }
        #expect(!ledger.window.hasRoom(for: batches[2]))
        #expect(ledger.take(2) == nil, "an answer before its turn")
        try Self.acknowledge(0, at: Self.place(0), in: &ledger)
        #expect(ledger.window.hasRoom(for: batches[2]))
        ledger.send(batches[2], due: nil)
        #expect(ledger.window.unanswered.map(\.batch.first) == [Offset(2), Offset(4)])
        try Self.acknowledge(2, at: Self.place(2), in: &ledger)
        try Self.acknowledge(4, at: Self.place(4), in: &ledger)
        #expect(ledger.window.isEmpty && ledger.take(6) == nil && ledger.next == Offset(6))
    }

    @Test func bytesBoundTheWindowButForOneBatchAlone() throws {
        let batch = try #require(try Self.batches(1).first)
        var ledger = ReplayLedger(from: .zero, window: 1_000_000, skipsRefused: false)
        var count = 0
        while ledger.window.hasRoom(for: batch) {
            ledger.send(batch, due: nil)
            count += 1
        }
        #expect(count == ReplayWindow.byteCountMax / batch.message.count)
    }

    @Test func theTallySaysWhatBecameOfAll() throws {
        let batches = try Self.batches(5)
        var ledger = ReplayLedger(from: .zero, window: 10, skipsRefused: true)
        for batch in batches { ledger.send(batch, due: .milliseconds(2)) }
        ledger.noteSent(byteCount: 100, late: .milliseconds(1))
        try Self.acknowledge(0, at: nil, isRepeated: true, in: &ledger)
        try Self.acknowledge(2, at: Self.place(7), isRepeated: true, in: &ledger)
        try Self.acknowledge(4, at: Self.place(9), in: &ledger)
        #expect(ledger.take(6) != nil)
        ledger.refuse(batches[3], offset: Offset(7), code: "c", reason: "r")
        try Self.acknowledge(8, at: Self.place(3, epoch: "f"), in: &ledger)
        let tally = ledger.tally
        #expect(tally.batchCount == 4 && tally.recordCount == 8 && tally.byteCount == 100)
        #expect(tally.repeatedBatchCount == 2 && tally.repeatedRecordCount == 4)
        #expect(
            tally.stretches == [
                ReplayTally.Stretch(epoch: "e", first: 9, last: 10), Self.place(3, epoch: "f"),
            ])
        #expect(tally.refusedBatchCount == 1 && tally.refusals.first?.offset == Offset(7))
        #expect(tally.receipts.max == .milliseconds(7) && tally.sending.max == .milliseconds(1))
        #expect(!ledger.isStopped && ledger.next == Offset(10))
        #expect(ledger.refused == [Offset(6)...Offset(7)])
        // An epoch later the target was at a lower offset: it has lost what was acknowledged.
        #expect(ledger.lostUpTo == 10)
    }

    @Test func aRefusalKeepsItsPlaceUnlessOneBehindItIsTaken() throws {
        let batches = try Self.batches(3)
        var alone = ReplayLedger(from: .zero, window: 1, skipsRefused: false)
        alone.send(batches[0], due: nil)
        try Self.acknowledge(0, at: Self.place(0), in: &alone)
        alone.send(batches[1], due: nil)
        #expect(alone.take(2) != nil)
        alone.refuse(batches[1], code: "c", reason: "r")
        #expect(alone.isStopped && alone.next == Offset(2) && alone.refused.isEmpty)

        var behind = ReplayLedger(from: .zero, window: 3, skipsRefused: false)
        for batch in batches { behind.send(batch, due: nil) }
        try Self.acknowledge(0, at: Self.place(0), in: &behind)
        #expect(behind.take(2) != nil)
        behind.refuse(batches[1], code: "c", reason: "r")
        try Self.acknowledge(4, at: Self.place(2), in: &behind)
        #expect(behind.isStopped && behind.next == Offset(6))
        #expect(behind.refused == [Offset(2)...Offset(3)])
        #expect(behind.tally.behindRefusalCount == 1)
    }

    @Test func theStateIsReadBackAndOnlyByItsOwnReplay() throws {
        let state = ReplayState(
            token: ResumeToken(epoch: Epoch(7), next: Offset(12), checksum: 9),
            target: ReplayTally.Stretch(epoch: "0a", first: 4, last: 4),
            refused: [Offset(3)...Offset(4), Offset(7)...Offset(7)])
        let text = state.text(of: #"{"log":"a"}"#)
        #expect(try ReplayState(text: text, of: #"{"log":"a"}"#) == state)
        let bare = ReplayState(token: state.token)
        #expect(try ReplayState(text: bare.text(of: "i"), of: "i") == bare)
        let lost = ReplayState(token: state.token, hasLoss: true)
        #expect(try ReplayState(text: lost.text(of: "i"), of: "i") == lost && lost != bare)
        #expect(throws: ReplayStateError.otherReplay(kept: #"{"log":"a"}"#, asked: "{}")) {
            try ReplayState(text: text, of: "{}")
        }
        for length in 0..<text.utf8.count {
            let part = String(decoding: Array(text.utf8.prefix(length)), as: UTF8.self)
            #expect(throws: ReplayStateError.unreadable, "\(length)") {
                try ReplayState(text: part, of: #"{"log":"a"}"#)
            }
        }
    }

    @Test func aPlaceProvesThatTheLogIsTheSame() throws {
        try withTemporaryLog { writer in
            for number in 0..<4 {
                var builder = ChangesBuilder()
                builder.add(.created, "m", key: .number(number))
                try writer.commit(builder.finish())
            }
            let log = writer.log
            let token = try log.token(at: Offset(3))
            #expect(try ReplayState(token: token).place(in: log) == Offset(3))
            #expect(throws: ReplayStateError.targetLoss) {
                try ReplayState(token: token, hasLoss: true).place(in: log)
            }
            for other in [
                ResumeToken(epoch: token.epoch, next: Offset(3), checksum: token.checksum ^ 1),
                ResumeToken(
                    epoch: Epoch(token.epoch.rawValue ^ 1), next: Offset(3),
                    checksum: token.checksum),
                ResumeToken(epoch: token.epoch, next: Offset(5), checksum: token.checksum),
            ] {
                #expect(throws: ReplayStateError.otherHistory(other.next)) {
                    try ReplayState(token: other).place(in: log)
                }
            }
        }
    }

    @Test func replaysAreTheSameOnlyIfAllThatMattersIs() {
        func identity(
            _ start: LogPlace? = nil, _ conditions: [Condition]? = nil, run: String? = nil
        ) -> ReplayIdentity {
            ReplayIdentity(
                log: LogIdentity(low: 1, high: 2), from: start,
                filter: conditions.map { Filter(model: "m", conditions: $0) }, run: run)
        }
        let one = Condition(property: "a", test: .isIn([.number(1)]))
        let two = Condition(property: "b", test: .isNot([.string("x\"y")]))
        let all = [
            identity(), identity(.offset(.zero)), identity(.time(0)), identity(nil, []),
            identity(nil, [one]), identity(nil, [one, two]), identity(run: "r"),
        ]
        #expect(Set(all.map { $0.json() }).count == all.count)
        #expect(identity(nil, [one, two]).json() == identity(nil, [two, one]).json())
        #expect(
            identity(.offset(Offset(5)), [one, two], run: "r").json(to: "http://h:1")
                == #"{"log":"00000000000000010000000000000002","to":"http://h:1","from":5,"#
                + #""model":"m","where":["a=1","b!=\"x\\\"y\""],"run":"r"}"#)
    }
}
