import Debugging
import LogModel
import LogStorage
import TestSupport
import Testing

/// Places as people write them.
@Suite struct LogPlaceTests {
    @Test func digitsAreAnOffsetAndRFC3339IsATime() {
        #expect(LogPlace("0") == .offset(.zero))
        #expect(LogPlace("18446744073709551615") == .offset(Offset(.max)))
        #expect(LogPlace("1970-01-01T00:00:01Z") == .time(1_000_000))
        #expect(LogPlace("1970-01-01T01:00:01.5+01:00") == .time(1_500_000))
        for text in ["", "-1", "1.0", "18446744073709551616", "yesterday", "2026-11-23", "1 "] {
            #expect(LogPlace(text) == nil, "\(text)")
        }
    }

    @Test func aPlaceIsAtMostTheEnd() throws {
        try withTemporaryLog { writer in
            for time in [Int64(10), 20, 20, 30] {
                var builder = ChangesBuilder()
                builder.add(.created, "m", key: .number(Int(time)))
                try writer.commit(builder.finish(), time: time)
            }
            let log = writer.log
            #expect(try LogPlace.offset(Offset(2)).offset(in: log) == Offset(2))
            #expect(try LogPlace.offset(Offset(5)).offset(in: log) == Offset(4))
            #expect(try LogPlace.time(0).offset(in: log) == .zero)
            #expect(try LogPlace.time(20).offset(in: log) == Offset(1))
            #expect(try LogPlace.time(21).offset(in: log) == Offset(3))
            #expect(try LogPlace.time(31).offset(in: log) == Offset(4))
        }
    }
}
