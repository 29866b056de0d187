import Glibc
import NIOPosix
import Synchronization

/// A failed call to the system, with what it was about.
struct SystemError: Error, CustomStringConvertible {
    /// The value of `errno`.
    let code: CInt
    /// The file or stream.
    let subject: String

    var description: String {
        "\(self.subject): \(String(cString: strerror(self.code)))"
    }
}

/// Reads and writes a file descriptor without holding a thread of the concurrency pool, and gives up when
/// the task is cancelled, even if the other end of a pipe does nothing.
struct Descriptor: Sendable {
    /// The system's number.
    let number: CInt
    /// What messages call it.
    let name: String

    /// How often a waiting call looks whether its task was cancelled.
    private static let pollMilliseconds: CInt = 200

    /// Reads up to `count` bytes; none at the end.
    func read(_ count: Int) async throws -> [UInt8] {
        try await self.onThread { cancellation in
            var bytes = [UInt8](repeating: 0, count: count)
            let length = try self.perform(POLLIN, unless: cancellation) {
                Glibc.read(self.number, &bytes, count)
            }
            bytes.removeLast(count - length)
            return bytes
        }
    }

    /// Writes all bytes.
    func write(_ bytes: [UInt8]) async throws {
        // A pipe that polls as writable takes this much without waiting; more could wait for ever.
        let most = self.fileSize != nil ? 1 << 20 : Int(PIPE_BUF)
        try await self.onThread { cancellation in
            var rest = bytes[...]
            while !rest.isEmpty {
                // Raw memory: lent to the system for the length of the call.
                let length = try self.perform(POLLOUT, unless: cancellation) {
                    rest.prefix(most).withUnsafeBytes {
                        Glibc.write(self.number, $0.baseAddress, $0.count)
                    }
                }
                rest = rest.dropFirst(length)
            }
        }
    }

    /// The size of a file in bytes; nil for what has no places to go to, such as a pipe or a terminal.
    var fileSize: Int? {
        let place = lseek(self.number, 0, SEEK_CUR)
        guard place >= 0 else { return nil }
        let end = lseek(self.number, 0, SEEK_END)
        guard lseek(self.number, place, SEEK_SET) == place, end >= 0 else { return nil }
        return end
    }

    /// Runs `body` on a thread for blocking work.
    private func onThread<Result: Sendable>(
        _ body: @escaping @Sendable (Cancellation) throws -> Result
    ) async throws -> Result {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await NIOThreadPool.singleton.runIfActive { try body(cancellation) }
        } onCancel: {
            cancellation.flag.store(true, ordering: .relaxed)
        }
    }

    /// Waits until the descriptor is ready, and calls the system.
    private func perform(
        _ event: CInt, unless cancellation: Cancellation, _ call: () -> Int
    ) throws -> Int {
        var poll = pollfd(fd: self.number, events: Int16(event), revents: 0)
        while true {
            if cancellation.flag.load(ordering: .relaxed) { throw CancellationError() }
            let count = Glibc.poll(&poll, 1, Self.pollMilliseconds)
            if count == 0 { continue }
            let result = count < 0 ? -1 : call()
            if result >= 0 { return result }
            if errno != EINTR && errno != EAGAIN {
                throw SystemError(code: errno, subject: self.name)
            }
        }
    }
}

/// Tells the thread that works for a task that the task was cancelled.
private final class Cancellation: Sendable {
    let flag = Atomic(false)
}
