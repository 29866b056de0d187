import LogFormat
import LogModel
import Synchronization

/// The segments of a log in order of their base offsets. There is always one.
///
/// Threads: the appender adds at the end, maintenance replaces and removes at the front, any thread looks.
final class SegmentList: Sendable {
    private let segments: Mutex<[Segment]>
    private let changes = Atomic<UInt64>(0)

    init(_ segments: [Segment]) {
        self.segments = Mutex(segments)
    }

    /// Differs from an earlier answer when something was replaced or removed since.
    var version: UInt64 { self.changes.load(ordering: .acquiring) }

    /// All segments, ascending.
    var all: [Segment] { self.segments.withLock { $0 } }

    /// Adds the segment after the last one, or in place of it if both begin at the same offset: then the last
    /// one has no records.
    func append(_ segment: Segment) {
        self.segments.withLock { segments in
            if segments.last?.base == segment.base { segments.removeLast() }
            segments.append(segment)
        }
        self.changes.wrappingAdd(1, ordering: .releasing)
    }

    /// Puts another form of a segment in its place.
    func replace(with segment: Segment) {
        self.segments.withLock { segments in
            guard let index = segments.firstIndex(where: { $0.base == segment.base }) else {
                return
            }
            segments[index] = segment
        }
        self.changes.wrappingAdd(1, ordering: .releasing)
    }

    /// Takes the first segment away. The last one stays.
    func removeFirst() {
        self.segments.withLock { segments in
            precondition(segments.count > 1, "a log keeps its last segment")
            segments.removeFirst()
        }
        self.changes.wrappingAdd(1, ordering: .releasing)
    }

    /// The segment that holds `offset`, and the offset at which the one after it begins, or nil if it is
    /// the last. O(log n).
    func segment(of offset: Offset) -> (segment: Segment, end: Offset?)? {
        self.segments.withLock { segments in
            var low = 0
            var high = segments.count
            while low < high {
                let middle = (low + high) / 2
                if segments[middle].base <= offset { low = middle + 1 } else { high = middle }
            }
            guard low > 0 else { return nil }
            return (segments[low - 1], low < segments.count ? segments[low].base : nil)
        }
    }

    /// The header of the first segment that is kept.
    var firstHeader: SegmentHeader? { self.segments.withLock { $0.first?.header } }
}
