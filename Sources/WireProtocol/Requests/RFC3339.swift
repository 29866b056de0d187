/// Times as RFC 3339 writes them: `2026-11-23T10:00:00.25+01:00`.
///
/// Read strictly: `T` and `Z` in capitals, an offset always, seconds to 59 (a log's time has no leap seconds).
package enum RFC3339 {
    /// The times that can be written, in microseconds since 1970: those of the years 0000 to 9999.
    package static let range: ClosedRange<Int64> = -62_167_219_200_000_000...253_402_300_799_999_999

    private static let secondsOfDay: Int64 = 86400

    /// The time that `text` names, in microseconds since 1970; nil if it names none. What is finer than a
    /// microsecond is rounded up, so that no earlier record is "not before" it.
    package static func microseconds(_ text: String) -> Int64? {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard
            let year = reader.digits(4), reader.skip("-"),
            let month = reader.digits(2), reader.skip("-"), (1...12).contains(month),
            let day = reader.digits(2), reader.skip("T"),
            (1...Self.dayCount(ofMonth: month, year: year)).contains(day),
            let hour = reader.digits(2), reader.skip(":"), hour < 24,
            let minute = reader.digits(2), reader.skip(":"), minute < 60,
            let second = reader.digits(2), second < 60,
            let fraction = reader.fraction(),
            let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        let seconds =
            Self.days(year: year, month: month, day: day) * Self.secondsOfDay
            + hour * 3600 + minute * 60 + second - offset
        let time = seconds * 1_000_000 + fraction
        return Self.range.contains(time) ? time : nil
    }

    /// Writes a time of ``range`` in UTC, with a fraction if it has one.
    package static func text(_ microseconds: Int64) -> String {
        precondition(
            Self.range.contains(microseconds), "\(microseconds) is in no year that is written")
        func padded(_ number: Int64, _ count: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, count - digits.count)) + digits
        }
        let (seconds, fraction) = Self.divided(microseconds, by: 1_000_000)
        let (days, second) = Self.divided(seconds, by: Self.secondsOfDay)
        let date = Self.date(days)
        return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
            + "T" + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":"
            + padded(second % 60, 2) + (fraction == 0 ? "" : "." + padded(fraction, 6)) + "Z"
    }

    /// The time of a record: as ``text(_:)`` has it, or the number if that cannot be written.
    package static func text(ofRecord microseconds: Int64) -> String {
        Self.range.contains(microseconds) ? Self.text(microseconds) : String(microseconds)
    }

    /// Quotient and remainder, which is not negative.
    private static func divided(_ number: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func dayCount(ofMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: self.isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The days before `year`, from the year 0 on.
    private static func days(beforeYear year: Int64) -> Int64 {
        guard year > 0 else { return 0 }
        let last = year - 1
        return year * 365 + last / 4 - last / 100 + last / 400 + 1
    }

    /// The day's distance from 1970-01-01.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        var days = self.days(beforeYear: year) - self.days(beforeYear: 1970)
        for earlier in 1..<month { days += self.dayCount(ofMonth: earlier, year: year) }
        return days + day - 1
    }

    /// The date that is `days` after 1970-01-01.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let day = days + self.days(beforeYear: 1970)
        // No year is longer than 366 days, so this is that year or a few before it.
        var year = day / 366
        while self.days(beforeYear: year + 1) <= day { year += 1 }
        var rest = day - self.days(beforeYear: year)
        var month: Int64 = 1
        while rest >= self.dayCount(ofMonth: month, year: year) {
            rest -= self.dayCount(ofMonth: month, year: year)
            month += 1
        }
        return (year, month, rest + 1)
    }
}

/// Reads the parts of a time from left to right.
private struct DigitReader {
    let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { self.place == self.bytes.count }

    /// Exactly `count` digits.
    mutating func digits(_ count: Int) -> Int64? {
        guard self.place + count <= self.bytes.count else { return nil }
        var number: Int64 = 0
        for byte in self.bytes[self.place..<self.place + count] {
            guard let digit = Self.digit(byte) else { return nil }
            number = number * 10 + digit
        }
        self.place += count
        return number
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard !self.isAtEnd, self.bytes[self.place] == UInt8(ascii: character) else { return false }
        self.place += 1
        return true
    }

    /// Microseconds after a point, rounded up; 0 without a point.
    mutating func fraction() -> Int64? {
        guard self.skip(".") else { return 0 }
        var micros: Int64 = 0
        var count = 0
        var hasMore = false
        while !self.isAtEnd, let digit = Self.digit(self.bytes[self.place]) {
            if count < 6 { micros = micros * 10 + digit } else if digit > 0 { hasMore = true }
            count += 1
            self.place += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { micros *= 10 }
        return micros + (hasMore ? 1 : 0)
    }

    /// Seconds by which the time is ahead of UTC.
    mutating func offset() -> Int64? {
        if self.skip("Z") { return 0 }
        let isAhead = self.skip("+")
        guard isAhead || self.skip("-"),
            let hours = self.digits(2), self.skip(":"), hours < 24,
            let minutes = self.digits(2), minutes < 60
        else { return nil }
        return (isAhead ? 1 : -1) * (hours * 3600 + minutes * 60)
    }

    private static func digit(_ byte: UInt8) -> Int64? {
        let digit = Int64(byte) - Int64(UInt8(ascii: "0"))
        return (0...9).contains(digit) ? digit : nil
    }
}
