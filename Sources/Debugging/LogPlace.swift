package import LogModel
package import LogStorage
import WireProtocol

/// A place in a log as people write it: an offset, or a time.
///
/// It lies before the record at that offset, or before the first record that was appended at that time or later.
package enum LogPlace: Hashable, Sendable {
    /// Before the record with this offset.
    case offset(Offset)
    /// Before the first record whose time is not before this one, in microseconds since 1970.
    case time(Int64)

    /// Reads digits, or a time of RFC 3339: `2026-11-23T10:00:00Z`. Nil if it is neither.
    package init?(_ text: String) {
        if !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            guard let offset = UInt64(text) else { return nil }
            self = .offset(Offset(offset))
        } else if let time = RFC3339.microseconds(text) {
            self = .time(time)
        } else {
            return nil
        }
    }

    /// The offset that the place is before; at most the end of `log`. What is below its first record is not kept any
    /// more, and whether that matters is for the caller to say. O(log n).
    package func offset(in log: ChangeLog) throws(StorageError) -> Offset {
        switch self {
        case .offset(let offset): min(offset, log.watermarks.visible)
        case .time(let time): try log.offset(at: time)
        }
    }
}
