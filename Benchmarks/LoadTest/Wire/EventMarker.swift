import Glibc
package import NIOCore

// Raw memory: what was received is searched where it lies, millions of times a second.

/// What the marker of a received event says; see ``EventTemplate``.
package struct EventMarker: Equatable, Sendable {
    /// The group, from 0.
    package var group: Int
    /// The number in the group.
    package var sequence: UInt64
    /// When the event should have been sent.
    package var time: UInt64

    /// Bytes of a marker.
    package static let byteCount =
        3 + EventTemplate.Field.group.width + EventTemplate.Field.sequence.width
        + EventTemplate.Field.time.width

    /// Creates a marker.
    package init(group: Int, sequence: UInt64, time: UInt64) {
        self.group = group
        self.sequence = sequence
        self.time = time
    }

    /// Finds the markers of a whole message, in order. O(bytes).
    ///
    /// - Returns: How many there were, or `nil` if one of them is cut off or is not a marker: then what came is
    ///   not what was sent.
    package static func forEach(
        in message: ByteBufferView, _ body: (EventMarker) -> Void
    ) -> Int? {
        message.withUnsafeBytes { bytes in
            Self.forEach(in: bytes, body)
        }
    }

    private static func forEach(
        in bytes: UnsafeRawBufferPointer, _ body: (EventMarker) -> Void
    ) -> Int? {
        guard var at = bytes.baseAddress else { return 0 }
        let end = at + bytes.count
        var count = 0
        while at < end, let found = memchr(at, 0x40, end - at) {
            let start = UnsafeRawPointer(found)
            guard end - start >= Self.byteCount, let marker = Self(reading: start) else {
                return nil
            }
            body(marker)
            count += 1
            at = start + Self.byteCount
        }
        return count
    }

    private init?(reading start: UnsafeRawPointer) {
        var at = 1
        guard
            let group = Self.number(start, &at, .group),
            let sequence = Self.number(start, &at, .sequence),
            let time = Self.number(start, &at, .time)
        else { return nil }
        self.group = Int(truncatingIfNeeded: group) - EventTemplate.firstGroup
        self.sequence = sequence
        self.time = time
    }

    /// A field's digits and the colon after them, if another one follows.
    private static func number(
        _ start: UnsafeRawPointer, _ at: inout Int, _ field: EventTemplate.Field
    ) -> UInt64? {
        var value: UInt64 = 0
        for place in at..<at + field.width {
            let digit = start.load(fromByteOffset: place, as: UInt8.self) &- 0x30
            guard digit < 10 else { return nil }
            value = value &* 10 &+ UInt64(digit)
        }
        at += field.width
        if field != .time {
            guard start.load(fromByteOffset: at, as: UInt8.self) == 0x3A else { return nil }
            at += 1
        }
        return value
    }
}
