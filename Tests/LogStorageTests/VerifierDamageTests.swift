import Foundation
import LogFormat
import LogModel
import LogStorage
import Testing

/// What `LogVerifier` finds: each kind of damage, in its file and with its severity.
@Suite struct VerifierDamageTests {
    /// A place in a file of a log.
    struct Place: Sendable, CustomTestStringConvertible {
        let name: String
        let state: UpkeptLog.State
        /// The file, among those with this end of the name.
        let file: String
        let severity: Finding.Severity
        /// The bytes to flip, given the file's.
        let positions: @Sendable ([UInt8]) -> [Int]

        var testDescription: String { self.name }
    }

    static let places: [Place] = [
        Place(name: "meta", state: .sealed, file: "meta", severity: .damage) { bytes in
            Array(stride(from: 0, to: bytes.count, by: 61))
        },
        Place(name: "header", state: .sealed, file: "segment", severity: .damage) { _ in
            Array(stride(from: 0, to: 4096, by: 97)) + [4095]
        },
        Place(name: "records", state: .sealed, file: "segment", severity: .damage) { _ in
            Array(stride(from: 4096, to: 50_000, by: 499))
        },
        Place(name: "behind the records", state: .sealed, file: "segment", severity: .damage) {
            [$0.count - 4097]
        },
        Place(name: "footer", state: .sealed, file: "segment", severity: .damage) { bytes in
            Array(stride(from: bytes.count - 4096, to: bytes.count, by: 97))
        },
        Place(name: "unsealed", state: .unsealed, file: "segment", severity: .damage) { _ in
            Array(stride(from: 0, to: 50_000, by: 997))
        },
        Place(name: "index", state: .sealed, file: "index", severity: .staleDerived) { bytes in
            Array(stride(from: 0, to: bytes.count, by: 211))
        },
        Place(name: "run", state: .sealed, file: "run", severity: .staleDerived) { bytes in
            Array(stride(from: 0, to: bytes.count, by: 1009))
        },
        Place(name: "removed.run", state: .retained, file: "removed.run", severity: .staleDerived) {
            Array(stride(from: 0, to: $0.count, by: 331))
        },
        Place(name: "cold", state: .cold, file: "cold", severity: .damage) { bytes in
            Array(stride(from: 0, to: bytes.count, by: 293)) + [bytes.count - 1]
        },
        Place(name: "compacted", state: .compacted, file: "cold", severity: .damage) { bytes in
            Array(stride(from: 0, to: bytes.count, by: 293)) + [bytes.count - 1]
        },
    ]

    /// The first file of the log whose name ends so.
    private static func file(_ end: String, _ log: UpkeptLog) throws -> String {
        try #require(
            try FileManager.default.contentsOfDirectory(atPath: log.directory.path).sorted()
                .first { $0.hasSuffix(end) })
    }

    /// What is found by checksums, or also by making again what the log derived.
    private static func findings(_ log: UpkeptLog, isDeep: Bool = false) throws -> [Finding] {
        try log.findings(isDeep: isDeep).filter { $0.severity != .note }
    }

    @Test(arguments: Self.places)
    func aFlippedBitIsFoundInItsFile(place: Place) throws {
        let log = try UpkeptLog(place.state)
        let name = try Self.file(place.file, log)
        let positions = place.positions(try log.directory.bytes(name))
        #expect(!positions.isEmpty)
        for position in positions {
            try log.directory.flip(name, at: position)
            let findings = try Self.findings(log)
            #expect(
                findings.contains { $0.file == name && $0.severity == place.severity },
                "byte \(position): \(findings.map(\.testDescription))")
            #expect(
                findings.allSatisfy { $0.severity == .damage } || place.severity == .staleDerived
                    || findings.contains { $0.severity == .damage }, "byte \(position)")
            try log.directory.flip(name, at: position)
        }
        #expect(try Self.findings(log) == [])
    }

    @Test func damageInARecordNamesItsByteAndOffset() throws {
        let log = try SmallLog(isClosed: true)
        for record in 0..<6 {
            try log.directory.flip(log.segment, at: log.positions[record] + 30)
            let findings = try UpkeptLog.findings(log.directory.path).findings
            #expect(findings.count == 1 && findings.first?.severity == .damage)
            #expect(findings.first?.position == log.positions[record])
            #expect(findings.first?.offset == Offset(UInt64(record)))
            try log.directory.flip(log.segment, at: log.positions[record] + 30)
        }
    }

    @Test(arguments: [UpkeptLog.State.unsealed, .sealed, .cold])
    func swappedSegmentsAreFound(state: UpkeptLog.State) throws {
        let log = try UpkeptLog(state)
        let end = state == .cold ? ".cold" : ".segment"
        let names = try FileManager.default.contentsOfDirectory(atPath: log.directory.path).sorted()
            .filter { $0.hasSuffix(end) }
        let (first, second) = (try log.directory.bytes(names[1]), try log.directory.bytes(names[2]))
        try log.directory.write(second, to: names[1])
        try log.directory.write(first, to: names[2])
        let findings = try Self.findings(log)
        for name in names[1...2] {
            #expect(findings.contains { $0.file == name && $0.severity == .damage })
        }
    }

    @Test(arguments: [UpkeptLog.State.unsealed, .sealed, .cold], [0, 2, -1])
    func aMissingSegmentIsFound(state: UpkeptLog.State, which: Int) throws {
        let log = try UpkeptLog(state)
        let names = try FileManager.default.contentsOfDirectory(atPath: log.directory.path).sorted()
            .filter { $0.hasSuffix(".cold") || $0.hasSuffix(".segment") }
        let name = which < 0 ? names[names.count - 1] : names[which]
        try FileManager.default.removeItem(atPath: log.directory.file(name))
        #expect(try Self.findings(log).contains { $0.severity == .damage })
    }

    @Test(arguments: [UpkeptLog.State.sealed, .cold])
    func aSegmentOfAnotherLogIsFound(state: UpkeptLog.State) throws {
        let log = try UpkeptLog(state)
        let other = try UpkeptLog(state)
        let name = try Self.file(state == .cold ? ".cold" : ".segment", log)
        try log.directory.write(try other.directory.bytes(name), to: name)
        let findings = try Self.findings(log)
        #expect(findings.contains { $0.file == name && $0.reason.contains("another log") })
    }

    @Test(arguments: [UpkeptLog.State.sealed, .cold], [1, 8, 4096])
    func aShortenedFileIsFound(state: UpkeptLog.State, by count: Int) throws {
        let log = try UpkeptLog(state)
        for end in [state == .cold ? ".cold" : ".segment", ".index", ".run"] {
            let name = try Self.file(end, log)
            let whole = try log.directory.bytes(name)
            try log.directory.write(Array(whole.dropLast(count)), to: name)
            let findings = try Self.findings(log)
            #expect(findings.contains { $0.file == name }, "\(name)")
            try log.directory.write(whole, to: name)
        }
    }

    @Test(arguments: [true, false])
    func aMissingOrStaleIndexIsMadeAgainAndNoDamage(isMissing: Bool) throws {
        let log = try UpkeptLog(.sealed)
        let name = try Self.file(".index", log)
        if isMissing {
            try FileManager.default.removeItem(atPath: log.directory.file(name))
        } else {
            let other = try UpkeptLog(.sealed)
            try log.directory.write(try other.directory.bytes(name), to: name)
        }
        let findings = try Self.findings(log)
        #expect(findings.map(\.severity) == [.staleDerived] && findings.first?.file == name)
    }

    @Test func anIndexThatIsWholeAndWrongIsDamage() throws {
        let log = try UpkeptLog(.sealed)
        let name = try Self.file(".index", log)
        let bytes = try log.directory.bytes(name)
        let header = try IndexHeader(reading: bytes.span.bytes)
        var builder = IndexBuilder()
        for ordinal in 0..<header.recordCount { builder.add(place: UInt32(512 + ordinal)) }
        try log.directory.write(
            builder.finish(
                identity: header.identity, epoch: header.epoch, base: header.base,
                binding: header.binding), to: name)
        #expect(try Self.findings(log) == [])
        let findings = try Self.findings(log, isDeep: true)
        #expect(findings.contains { $0.severity == .damage && $0.file == name })
    }

    @Test func aRunThatNamesOtherRecordsIsDamage() throws {
        let log = try UpkeptLog(.sealed)
        let name = try Self.file(".run", log)
        let bytes = try log.directory.bytes(name)
        let header = try RunHeader(reading: bytes.span.bytes)
        var entries: [RunEntry] = []
        var cursor = RunCursor()
        let view = RunView(bytes.span.bytes, header: header)
        while let entry = try cursor.next(in: view) { entries.append(entry) }
        for change in ["another offset", "one less", "one more"] {
            var changed = entries
            let middle = changed.count / 2
            switch change {
            case "another offset":
                let other = changed[middle].offset == 0 ? 1 : changed[middle].offset - 1
                changed[middle] = RunEntry(hash: changed[middle].hash, offset: other)
            case "one less": changed.remove(at: middle)
            default:
                changed.insert(RunEntry(hash: changed[middle].hash + 1, offset: 3), at: middle + 1)
            }
            let file = MemoryFile()
            var writer = RunWriter(
                identity: header.identity, kind: header.kind, first: header.first,
                end: header.end, entryCountMax: changed.count)
            for entry in changed { try writer.add(entry, to: file.sink) }
            try writer.finish(to: file.sink)
            try log.directory.write(file.bytes, to: name)
            #expect(try Self.findings(log) == [], "\(change)")
            let findings = try Self.findings(log, isDeep: true)
            #expect(
                findings.map(\.severity) == [.damage] && findings.first?.file == name, "\(change)")
        }
    }
}
