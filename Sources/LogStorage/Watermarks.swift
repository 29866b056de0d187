package import LogModel
import Synchronization

/// How far the log has got, as monotonic, exclusive bounds.
///
/// Invariants:
/// - `retained <= visible <= appended` and `durable <= appended`;
/// - with durable acknowledgement `visible <= durable`;
/// - within one epoch no bound moves backwards.
///
/// Threads: only the appender advances a bound, `retained` only maintenance; any thread reads them. A record below `visible` is complete
/// and never changes again, so readers need no lock.
///
/// Not here: waking readers (`Replication`), what is on disk (`docs/format/segment.md`).
package final class Watermarks: Sendable {
    private let appendedBound: Atomic<UInt64>
    private let durableBound: Atomic<UInt64>
    private let visibleBound: Atomic<UInt64>
    private let retainedBound: Atomic<UInt64>

    init(recovered bound: Offset, retained: Offset = .zero) {
        self.retainedBound = Atomic(retained.rawValue)
        self.appendedBound = Atomic(bound.rawValue)
        self.durableBound = Atomic(bound.rawValue)
        self.visibleBound = Atomic(bound.rawValue)
    }

    /// The first offset that is not in a file yet.
    package var appended: Offset { Offset(self.appendedBound.load(ordering: .acquiring)) }
    /// The first offset that a loss of power could take.
    package var durable: Offset { Offset(self.durableBound.load(ordering: .acquiring)) }
    /// The first offset that readers may not take yet.
    package var visible: Offset {
        Offset(self.visibleBound.load(ordering: .acquiring))  // Pairs with `publish(_:)`.
    }

    /// The first offset that is kept.
    package var retained: Offset { Offset(self.retainedBound.load(ordering: .acquiring)) }

    /// Notes that records below `bound` are no longer kept.
    func retain(from bound: Offset) { Self.advance(self.retainedBound, to: bound, "retained") }

    /// Notes that every record below `bound` is in a file.
    func append(upTo bound: Offset) { Self.advance(self.appendedBound, to: bound, "appended") }

    /// Notes that every record below `bound` is on the disk.
    func synchronize(upTo bound: Offset) {
        precondition(bound <= self.appended, "durable \(bound) ran ahead of appended")
        Self.advance(self.durableBound, to: bound, "durable")
    }

    /// Lets readers see every record below `bound`.
    func publish(upTo bound: Offset) {
        precondition(bound <= self.appended, "visible \(bound) ran ahead of appended")
        Self.advance(self.visibleBound, to: bound, "visible")  // Pairs with `visible`.
    }

    private static func advance(_ mark: borrowing Atomic<UInt64>, to bound: Offset, _ name: String)
    {
        let previous = mark.load(ordering: .relaxed)
        precondition(previous <= bound.rawValue, "\(name) moved backwards: \(previous) to \(bound)")
        mark.store(bound.rawValue, ordering: .releasing)
    }
}
