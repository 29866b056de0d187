package import NIOCore
import Synchronization

/// What is left of a ``Rate`` for each of many clients. As many are remembered as `countMax` says: with more those go
/// whose bucket is full, and if there are none, any.
///
/// Threads: any.
package final class RateTable<Key: Hashable & Sendable>: Sendable {
    private struct State {
        var buckets: [Key: TokenBucket] = [:]
        var lastSweep = NIODeadline.uptimeNanoseconds(0)
    }

    private let rate: Rate
    private let countMax: Int
    private let state = Mutex(State())

    /// Creates a table in which nobody has done anything.
    package init(_ rate: Rate, countMax: Int) {
        self.rate = rate
        self.countMax = countMax
    }

    /// Takes one of `key`'s, if there is one. Returns how long to wait if there is none.
    package func take(of key: Key, at now: NIODeadline = .now()) -> TimeAmount? {
        self.change(key, now) { bucket in
            bucket.take(1, of: self.rate, at: now) ? nil : bucket.wait(of: self.rate, at: now)
        }
    }

    /// Takes `count` of `key`'s, whatever is there. Returns how long to wait before the next one; nil if not at all.
    @discardableResult
    package func charge(_ count: Int, to key: Key, at now: NIODeadline = .now()) -> TimeAmount? {
        self.change(key, now) { bucket in
            bucket.charge(count, of: self.rate, at: now)
            let wait = bucket.wait(of: self.rate, at: now)
            return wait > .zero ? wait : nil
        }
    }

    /// How long `key` has to wait; nil if not at all.
    package func wait(of key: Key, at now: NIODeadline = .now()) -> TimeAmount? {
        self.state.withLock { state in
            guard var bucket = state.buckets[key] else { return nil }
            let wait = bucket.wait(of: self.rate, at: now)
            return wait > .zero ? wait : nil
        }
    }

    /// How many clients are remembered.
    package var count: Int { self.state.withLock { $0.buckets.count } }

    private func change(
        _ key: Key, _ now: NIODeadline, _ body: (inout TokenBucket) -> TimeAmount?
    ) -> TimeAmount? {
        self.state.withLock { state in
            var bucket = state.buckets[key] ?? TokenBucket()
            let wait = body(&bucket)
            if state.buckets[key] == nil { self.makeRoom(in: &state, now) }
            state.buckets[key] = bucket
            return wait
        }
    }

    /// At most once a second all are looked at.
    private func makeRoom(in state: inout State, _ now: NIODeadline) {
        guard state.buckets.count >= self.countMax else { return }
        if now - state.lastSweep >= .seconds(1) {
            state.lastSweep = now
            state.buckets = state.buckets.filter { entry in
                var bucket = entry.value
                return !bucket.isFull(of: self.rate, at: now)
            }
        }
        if state.buckets.count >= self.countMax { _ = state.buckets.popFirst() }
    }
}
