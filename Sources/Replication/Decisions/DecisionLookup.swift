package import LogModel

/// Looks decisions up for one reader, and notes what is not decided yet.
///
/// What it has found stays found for as long as it lives: so who has looked at all records of a stretch can go through
/// them once more and is not held up.
package struct DecisionLookup: Sendable {
    private let cache: DecisionCache
    private var known: [RecordQuestion: Decision] = [:]
    /// What has to be decided before its reader can go on, each once.
    package private(set) var undecided: [RecordQuestion] = []

    /// What is asked for at once, at most.
    package static let askedMax = 64

    /// Creates one that looks into `cache`.
    package init(_ cache: DecisionCache) {
        self.cache = cache
    }

    /// Whether enough is undecided to be asked for.
    package var isFull: Bool { self.undecided.count >= Self.askedMax }

    /// What was decided; nil if it was not, which is noted.
    package mutating func decision(on question: RecordQuestion) -> Decision? {
        if let decision = self.known[question] { return decision }
        if let decision = self.cache.decision(on: question) {
            self.known[question] = decision
            return decision
        }
        if !self.undecided.contains(question) { self.undecided.append(question) }
        return nil
    }

    /// Forgets what it has found and what was undecided, for who is done with that stretch.
    package mutating func forget() {
        self.known.removeAll(keepingCapacity: true)
        self.undecided.removeAll()
    }
}
