import LogModel
import NIOCore
import Replication
import WireProtocol

/// Requests that wait at the log's end until there is something for them, or their time is up.
///
/// Threads: only the event loop's.
final class TailRoom {
    private struct Waiter {
        let promise: EventLoopPromise<Bool>
        let timer: Scheduled<Void>
    }

    private let eventLoop: any EventLoop
    private let countMax: Int
    private var watch: TailWatch
    private var waiters: [TailWatch.ID: Waiter] = [:]
    private var isClosed = false

    init(_ watch: TailWatch, eventLoop: any EventLoop, countMax: Int) {
        self.watch = watch
        self.eventLoop = eventLoop
        self.countMax = countMax
    }

    /// Whether ``turn()`` has something to do.
    var hasWork: Bool { self.watch.hasWork }

    /// Waits until there may be something for `reader` from `start` on: true; or until the time is up: false.
    /// Nil if as many wait as may.
    func wait(
        _ reader: ChangesReader, from start: Offset, seconds: Int
    ) -> EventLoopFuture<Bool>? {
        guard !self.isClosed else { return self.eventLoop.makeSucceededFuture(false) }
        guard self.waiters.count < self.countMax else { return nil }
        guard let id = self.watch.add(reader, from: start) else {
            return self.eventLoop.makeSucceededFuture(true)
        }
        let promise = self.eventLoop.makePromise(of: Bool.self)
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(seconds))) {
            self.watch.remove(id)
            self.waiters.removeValue(forKey: id)?.promise.succeed(false)
        }
        self.waiters[id] = Waiter(promise: promise, timer: timer)
        return promise.futureResult
    }

    /// Tells those for whom there is something. Does a bounded amount of work.
    func turn() {
        for id in self.watch.turn() { self.tell(id, true) }
    }

    /// Lets everybody go, and whoever comes, because the server stops.
    func closeAll() {
        self.isClosed = true
        for id in self.waiters.keys {
            self.watch.remove(id)
            self.tell(id, false)
        }
    }

    private func tell(_ id: TailWatch.ID, _ hasMore: Bool) {
        guard let waiter = self.waiters.removeValue(forKey: id) else { return }
        waiter.timer.cancel()
        waiter.promise.succeed(hasMore)
    }
}

extension EventLoopHubs {
    /// Waits until there may be something for `reader` from `start` on, or the time is up. Returns which.
    ///
    /// Throws a problem if too many wait.
    func waitForMore(
        _ reader: ChangesReader, from start: Offset, seconds: Int, on eventLoop: any EventLoop
    ) async throws(Problem) -> Bool {
        let answer = try? await eventLoop.flatSubmit { () -> EventLoopFuture<Bool?> in
            let hub = self.hub(of: eventLoop)
            let wait = hub.tail.wait(reader, from: start, seconds: seconds)
            if hub.tail.hasWork { hub.scheduleTurn() }
            return wait?.map { $0 } ?? eventLoop.makeSucceededFuture(nil)
        }.get()
        guard let hasMore = answer else {
            throw Problem(
                status: 503, code: "overloaded", title: "Overloaded",
                detail: "too many requests wait for changes: ask again without wait",
                retryAfter: 1)
        }
        return hasMore
    }
}
