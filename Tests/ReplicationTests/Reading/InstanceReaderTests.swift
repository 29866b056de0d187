import Foundation
import LogFormat
import LogModel
import LogStorage
import Replication
import TestSupport
import Testing
import WireProtocol

@Suite struct InstanceReaderTests {
    private struct Line: Decodable, Equatable {
        let offset: UInt64
        let action: String
        let change: String
        let time: String
    }

    private static func withLog(
        upkeep: Upkeep = Upkeep(coldAge: nil), _ body: (HistoryLog) throws -> Void
    ) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            try body(try HistoryLog(path, upkeep: upkeep))
        }
    }

    private static func append(
        _ history: HistoryLog, _ action: Action, _ key: Int = 1, padding: Int = 10
    ) throws {
        try history.append(
            [PastChange(action: action, model: "m", key: .number(key), groups: [])],
            padding: padding...padding)
    }

    private static func lines(_ records: [UInt8]) throws -> [Line] {
        try JSONDecoder().decode([Line].self, from: Data([91] + records + [93]))
    }

    @Test func anInstanceIsWhatItsLastRecordSays() throws {
        try Self.withLog { history in
            var reader = InstanceReader(model: "m", key: "1", in: history.log)
            #expect(try reader.state() == .unknown)
            for action in [Action.created, .updated, .deleted, .updated] {
                try Self.append(history, action)
                try Self.append(history, .created, 2)
            }
            func place(_ end: Offset?) throws -> String {
                switch try reader.state(before: end) {
                case .unknown: return "unknown"
                case .deleted(let offset): return "deleted by \(offset)"
                case .alive(let offset, let json):
                    let line = try Self.lines(json)[0]
                    #expect(line.offset == offset.rawValue)
                    return "\(line.change) by \(offset)"
                }
            }
            let states = try (0...8).map { try place(Offset($0)) }
            #expect(
                states == [
                    "unknown", "entered by 0", "entered by 0", "updated by 2", "updated by 2",
                    "deleted by 4", "deleted by 4", "entered by 6", "entered by 6",
                ])
            #expect(try place(nil) == "entered by 6")
            // Times are counted from 1 here, in microseconds.
            let expected: [(ModelsQuery.Place, InstanceReader.State)] = [
                (.time(0), .unknown), (.offset(Offset(5)), .deleted(Offset(4))),
                (.time(6), .deleted(Offset(4))),
            ]
            for (place, state) in expected { #expect(try reader.state(at: place) == state) }
            let error = #expect(throws: Problem.self) {
                try reader.state(at: .offset(Offset(9)))
            }
            #expect(error?.status == 410 && error?.code == "offset-ahead")
        }
    }

    @Test(arguments: [1, 2, 3, 100])
    func aHistoryIsReadInParts(limit: Int) throws {
        try Self.withLog { history in
            let actions: [Action] = [.created, .updated, .deleted, .created, .updated]
            for action in actions {
                try Self.append(history, action)
                try Self.append(history, .updated, 2)
            }
            var reader = InstanceReader(model: "m", key: "1", in: history.log)
            var lines: [Line] = []
            var next: Offset? = .zero
            while let start = next {
                let part = try reader.history(from: start, limit: limit)
                let found = try Self.lines(part.records)
                #expect(found.count == part.count && part.count <= limit && !part.isPartial)
                lines += found
                next = part.next
            }
            #expect(lines.map(\.offset) == [0, 2, 4, 6, 8])
            #expect(lines.map(\.action) == actions.map { "\($0.name)" })
            #expect(
                lines.map(\.change) == ["entered", "updated", "deleted", "entered", "updated"])
            #expect(lines[1].time == "1970-01-01T00:00:00.000003Z")
            var nobody = InstanceReader(model: "m", key: "3", in: history.log)
            #expect(try nobody.history(limit: 5).count == 0)
        }
    }

    @Test func aHistoryWithGapsSaysSo() throws {
        let upkeep = Upkeep(coldAge: nil, retainByteCount: 5 * LogOptions.segmentByteCountMin)
        try Self.withLog(upkeep: upkeep) { history in
            for key in [1, 2, 3, 1, 4, 5, 6] {
                try Self.append(history, .updated, key, padding: 40_000)
            }
            #expect(history.log.first > Offset(0))
            #expect(history.log.first <= Offset(3))
            var first = InstanceReader(model: "m", key: "1", in: history.log)
            #expect(try first.history(limit: 9).isPartial)
            var last = InstanceReader(model: "m", key: "6", in: history.log)
            #expect(try !last.history(limit: 9).isPartial)
        }
    }
}
