import Synchronization

/// How many bytes many requests may hold together.
package final class ByteBudget: Sendable {
    private let left: Mutex<Int>

    /// Creates a budget of `count` bytes.
    package init(_ count: Int) {
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

    /// Bytes that were taken, and are given back when nobody holds this any more.
    package final class Share: Sendable {
        private let budget: ByteBudget
        private let taken = Mutex(0)

        /// Begins with nothing.
        package init(of budget: ByteBudget) {
            self.budget = budget
        }

        deinit {
            self.budget.giveBack(self.taken.withLock { $0 })
        }

        /// Bytes that the share has.
        package var count: Int { self.taken.withLock { $0 } }

        /// Makes it `count` bytes in all, if there are as many; it never becomes less. Never waits.
        package func grow(to count: Int) -> Bool {
            self.taken.withLock { taken in
                guard count > taken else { return true }
                guard self.budget.take(count - taken) else { return false }
                taken = count
                return true
            }
        }
    }
}
