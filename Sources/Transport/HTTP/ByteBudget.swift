import Synchronization

/// How many bytes many requests may hold together.
final class ByteBudget: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) {
        self.left = Mutex(count)
    }

    /// Takes `count` bytes if there are as many. Never waits.
    func take(_ count: Int) -> Bool {
        self.left.withLock { left in
            guard count <= left else { return false }
            left -= count
            return true
        }
    }

    /// Gives back what was taken.
    func giveBack(_ count: Int) {
        self.left.withLock { $0 += count }
    }
}
