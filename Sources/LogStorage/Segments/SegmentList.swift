import LogFormat
import LogModel
import Synchronization

/// The segments of a log in order of their base offsets.
final class SegmentList: Sendable {
    private let segments: Mutex<[Segment]>

    init(_ segments: [Segment]) {
        self.segments = Mutex(segments)
    }

    /// Adds the segment after the last one.
    func append(_ segment: Segment) {
        self.segments.withLock { $0.append(segment) }
    }

    /// Takes the last segment away, while the log is being opened.
    func removeLast() {
        _ = self.segments.withLock { $0.removeLast() }
    }

    /// The segment that holds `offset`, and the offset at which the one after it begins, or nil if it is
    /// the last. O(log n). The list has a first segment from the start.
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

    /// The offset of the first record that is kept.
    var first: Offset { self.firstHeader?.base ?? .zero }

    /// The header of the first segment that is kept.
    var firstHeader: SegmentHeader? { self.segments.withLock { $0.first?.header } }
}
