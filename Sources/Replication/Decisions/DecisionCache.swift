package import LogModel
import Synchronization

/// What is decided already, for all who read.
///
/// Bounded: of two generations the older one goes when the younger one is full, so what is asked for stays. Each takes
/// about 64 bytes a decision.
///
/// Threads: any.
package final class DecisionCache: Sendable {
    /// Decisions of one generation. Default 100,000.
    package static let countMax = 100_000

    private struct Generations {
        var young: [RecordQuestion: Decision] = [:]
        var old: [RecordQuestion: Decision] = [:]

        mutating func note(_ decision: Decision, on question: RecordQuestion, countMax: Int) {
            if self.young.count >= countMax {
                self.old = self.young
                self.young = [:]
            }
            self.young[question] = decision
        }
    }

    private let generations = Mutex(Generations())
    private let countMax: Int

    /// Creates one that knows nothing.
    package init(countMax: Int = DecisionCache.countMax) {
        self.countMax = countMax
    }

    /// What was decided; nil if it was not, or is forgotten.
    package func decision(on question: RecordQuestion) -> Decision? {
        self.generations.withLock { generations in
            if let decision = generations.young[question] { return decision }
            guard let decision = generations.old[question] else { return nil }
            generations.note(decision, on: question, countMax: self.countMax)
            return decision
        }
    }

    /// Notes what was decided.
    package func note(_ decision: Decision, on question: RecordQuestion) {
        self.generations.withLock { $0.note(decision, on: question, countMax: self.countMax) }
    }

    /// Forgets everything, because somebody else decides from now on.
    package func removeAll() {
        self.generations.withLock { $0 = Generations() }
    }
}
