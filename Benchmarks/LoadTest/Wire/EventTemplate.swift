package import NIOCore

/// One event of a load: what its text tells besides padding.
package struct Event: Equatable, Sendable {
    /// Its number among all of the run, from which its instance's key follows.
    package var id: UInt64
    /// The group that it belongs to, from 0.
    package var group: Int
    /// Its number in its group, from 0 and without gaps.
    package var sequence: UInt64
    /// When it should have been sent: nanoseconds of the monotonic clock.
    package var time: UInt64

    /// Creates an event.
    package init(id: UInt64, group: Int, sequence: UInt64, time: UInt64) {
        self.id = id
        self.group = group
        self.sequence = sequence
        self.time = time
    }
}

/// The text of every event of a run, in which only numbers differ, each of a fixed width: making an event is
/// copying the text and writing the digits.
///
/// Each event has one marker, `@GROUP:SEQUENCE:TIME`, that subscribers find without parsing what is around it.
/// No other `@` occurs in an event, nor in what a server adds.
package struct EventTemplate: Sendable {
    /// A number in the text.
    package enum Field: Sendable {
        /// The key. It never begins with 0, as JSON wants it.
        case id
        /// The group, as the value of `list_id` or in a topic's name. It never begins with 0.
        case group
        /// The sequence, with leading zeros.
        case sequence
        /// The time, with leading zeros.
        case time

        /// Digits.
        package var width: Int {
            switch self {
            case .id: 15
            case .group: 7
            case .sequence: 10
            case .time: 16
            }
        }
    }

    /// The number that stands for group 0; those of other groups follow.
    package static let firstGroup = 1_000_000
    /// The most groups that a run can have.
    package static let groupsMax = 1_000_000
    /// The keys of a run: each of its own, so that a server that has seen other runs takes every event for new.
    package static let keysOfRun: UInt64 = 10_000_000_000
    /// The most runs whose keys differ.
    package static let runsMax: UInt64 = 80_000
    private static let firstKey: UInt64 = 100_000_000_000_000

    /// Which run the keys are of, below ``runsMax``.
    package var run: UInt64 = 0
    private var bytes: [UInt8] = []
    private var fields: [(field: Field, position: Int)] = []

    /// Creates an empty text.
    package init() {}

    /// Bytes of an event.
    package var byteCount: Int { self.bytes.count }

    /// Adds the same text for every event.
    package mutating func append(_ text: String) {
        self.bytes += Array(text.utf8)
    }

    /// Adds the same bytes for every event.
    package mutating func append(bytes: [UInt8]) {
        self.bytes += bytes
    }

    /// Adds a number.
    package mutating func append(_ field: Field) {
        self.fields.append((field, self.bytes.count))
        self.bytes += [UInt8](repeating: UInt8(ascii: "0"), count: field.width)
    }

    /// Adds the marker.
    package mutating func appendMarker() {
        self.append("@")
        self.append(.group)
        self.append(":")
        self.append(.sequence)
        self.append(":")
        self.append(.time)
    }

    /// Adds text that says nothing, up to `byteCount` bytes in all less `reserved` that are still to come.
    ///
    /// - Throws: ``LoadError/Code/invalidOptions`` if there are more already.
    package mutating func pad(to byteCount: Int, reserving reserved: Int) throws(LoadError) {
        let missing = byteCount - reserved - self.bytes.count
        guard missing >= 0 else {
            throw LoadError(
                .invalidOptions, "an event of this target has at least \(byteCount - missing) bytes"
            )
        }
        self.bytes += [UInt8](repeating: UInt8(ascii: "."), count: missing)
    }

    /// Writes an event. O(bytes), no allocation but the buffer's own.
    package mutating func write(_ event: Event, to buffer: inout ByteBuffer) {
        for (field, position) in self.fields {
            var value =
                switch field {
                case .id: Self.firstKey + self.run * Self.keysOfRun + event.id
                case .group: UInt64(Self.firstGroup + event.group)
                case .sequence: event.sequence
                case .time: event.time
                }
            for place in stride(from: position + field.width - 1, through: position, by: -1) {
                let (rest, digit) = value.quotientAndRemainder(dividingBy: 10)
                self.bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
                value = rest
            }
        }
        buffer.writeBytes(self.bytes)
    }
}
