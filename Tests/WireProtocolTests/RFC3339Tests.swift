import Foundation
import TestSupport
import Testing
import WireProtocol

struct RFC3339Tests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.000001Z", 1),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2026-11-23T10:00:00Z", 1_795_428_000_000_000),
            ("2026-11-23T11:30:00+01:30", 1_795_428_000_000_000),
            ("2026-11-22T23:00:00-11:00", 1_795_428_000_000_000),
            ("2026-11-23T10:00:00-00:00", 1_795_428_000_000_000),
            ("2026-11-23T10:00:00.5Z", 1_795_428_000_500_000),
            ("2026-11-23T10:00:00.123456Z", 1_795_428_000_123_456),
            ("2026-11-23T10:00:00.123456000Z", 1_795_428_000_123_456),
            ("2026-11-23T10:00:00.1234560001Z", 1_795_428_000_123_457),
            ("2026-11-23T09:59:59.9999999Z", 1_795_428_000_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ] as [(String, Int64)])
    func timesWithFractionAndOffsetAreRead(text: String, microseconds: Int64) {
        #expect(RFC3339.microseconds(text) == microseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-23", "2026-11-23T10:00:00", "2026-11-23T10:00Z",
        "2026-11-23 10:00:00Z", "2026-11-23t10:00:00Z", "2026-11-23T10:00:00z",
        "2026-11-23T10:00:00.Z", "2026-11-23T10:00:00,5Z", "2026-11-23T10:00:00+0100",
        "2026-11-23T10:00:00+01", "2026-11-23T10:00:00 01:00", "2026-11-23T10:00:00+24:00",
        "2026-11-23T10:00:00+01:60", "2026-11-23T10:00:00ZZ", " 2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00Z ", "2026-00-23T10:00:00Z", "2026-13-23T10:00:00Z",
        "2026-11-00T10:00:00Z", "2026-11-31T10:00:00Z", "2026-02-29T10:00:00Z",
        "1900-02-29T10:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T10:60:00Z",
        "2026-11-23T10:00:60Z", "2026-11-23T10:00:0Z", "26-11-23T10:00:00Z",
        "+2026-11-23T10:00:00Z", "-026-11-23T10:00:00Z", "2026-11-23T1\u{0660}:00:00Z",
        "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59-00:01",
    ])
    func whatIsNotQuiteATimeIsNone(text: String) {
        #expect(RFC3339.microseconds(text) == nil)
    }

    @Test func everyTimeIsReadAsItIsWritten() {
        var random = SeededGenerator.ofThisRun()
        let seed = random.description
        let bounds = [RFC3339.range.lowerBound, RFC3339.range.upperBound, 0, -1]
        for time in bounds + (0..<2000).map({ _ in .random(in: RFC3339.range, using: &random) }) {
            #expect(RFC3339.microseconds(RFC3339.text(time)) == time, "\(seed)")
        }
    }

    @Test func theCalendarIsTheOneThatEverybodyUses() throws {
        var random = SeededGenerator.ofThisRun()
        let seed = random.description
        let formatter = ISO8601DateFormatter()
        // Before 1583 others count by the Julian calendar.
        let seconds = Int64(-12_212_553_600)...253_402_300_799
        for second in (0..<500).map({ _ in Int64.random(in: seconds, using: &random) }) {
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(second)))
            #expect(RFC3339.text(second * 1_000_000) == text, "\(seed)")
        }
    }

    @Test func aYearHasAllItsDaysOnce() {
        for year in [1900, 1999, 2000, 2024, 2026] {
            var time = RFC3339.microseconds("\(year)-01-01T00:00:00Z") ?? 0
            let end = RFC3339.microseconds("\(year + 1)-01-01T00:00:00Z") ?? 0
            var days: Set<Substring> = []
            while time < end {
                days.insert(RFC3339.text(time).prefix(10))
                time += 86_400_000_000
            }
            #expect(time == end)
            #expect(days.count == (year == 2000 || year == 2024 ? 366 : 365))
        }
    }
}
