import Access
import LogStorage
import NIOPosix
import Synchronization
import WireProtocol

/// Where requests read the log: on threads that may block, a bounded number at a time. Who comes when there are as
/// many is told at once to try again.
final class ReadingPool: Sendable {
    private let pool: NIOThreadPool
    private let left: ByteBudget

    /// - Parameter countMax: requests that are being read for, or wait for a thread.
    init(countMax: Int, pool: NIOThreadPool = .singleton) {
        self.pool = pool
        self.left = ByteBudget(countMax)
    }

    /// Runs `body`, which may block for some milliseconds. To be called within ``admitting(_:)``.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable () throws(Problem) -> Result
    ) async throws(Problem) -> Result {
        do {
            return try await self.pool.runIfActive(body)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(
                status: 503, code: "stopping", title: "Stopping",
                detail: "the server stops, or the request was given up", retryAfter: 1)
        }
    }

    /// `principal` as somebody who reads, with what `log` grants them.
    func reader(
        _ principal: Principal, _ access: AccessControl, in log: ChangeLog
    ) async throws(Problem) -> Reader {
        guard access.rules.policy.mayGrant(to: principal) else { return access.reader(principal) }
        return try await self.admitting { () throws(Problem) in
            try await self.read { () throws(Problem) in access.reader(principal, in: log) }
        }
    }

    /// Lets a request in that reads, if there is room.
    func admitting<Result: Sendable>(
        _ body: () async throws(Problem) -> Result
    ) async throws(Problem) -> Result {
        guard self.left.take(1) else {
            throw Problem(
                status: 503, code: "overloaded", title: "Overloaded",
                detail: "too many requests read at the moment: try again", retryAfter: 1)
        }
        defer { self.left.giveBack(1) }
        return try await body()
    }
}
