package import LogStorage
import Synchronization

/// What turned out to be damaged while somebody looks around, each once.
package final class BrowserDamage: Sendable {
    /// More are counted, and not kept.
    private static let textMax = 1000

    private struct Notes {
        var said: Set<String> = []
        var texts: [String] = []
    }

    private let notes = Mutex(Notes())

    /// Creates one with nothing.
    package init() {}

    /// Is told of damage.
    package var handler: DamageHandler { { [self] in self.add($0) } }

    /// What was damaged, in the order in which it was found.
    package var texts: [String] { self.notes.withLock { $0.texts } }

    /// How much was damaged.
    package var count: Int { self.notes.withLock { $0.texts.count } }

    func add(_ error: StorageError) {
        self.notes.withLock { notes in
            guard notes.texts.count < Self.textMax, notes.said.insert(error.description).inserted
            else { return }
            notes.texts.append(error.description)
        }
    }
}

/// The damage of one search.
final class FoundDamage: Sendable {
    private let found = Mutex<[StorageError]>([])

    var all: [StorageError] { self.found.withLock { $0 } }
    var handler: DamageHandler { { [self] error in self.found.withLock { $0.append(error) } } }
}
