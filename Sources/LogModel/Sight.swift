/// What one class of principals may see of a model: what is left of the permission rules of its views when all is
/// filled in that is known of the principal.
///
/// It is part of a ``Filter``: what a reader gets is decided by the groups that a record carries, before and after it,
/// and so is whether the reader may see it. Whoever has the same sight belongs to the same class.
public struct Sight: Hashable, Sendable {
    /// A view and which instances are seen by it.
    public struct Clause: Hashable, Sendable {
        /// What is seen.
        public let view: View
        /// Of whom: instances for which all conditions of at least one of these hold. Never empty. An empty one of
        /// these holds for every instance, and is then the only one.
        public let alternatives: [[Condition]]
        /// What the application has to allow of an instance for which they hold; nil if nobody is asked.
        public let question: Question?

        /// Creates a clause; what always holds makes the other alternatives needless.
        public init(view: View, alternatives: [[Condition]], question: Question? = nil) {
            precondition(!alternatives.isEmpty, "a clause that admits nothing is no clause")
            self.view = view
            self.alternatives = alternatives.contains([]) ? [[]] : alternatives
            self.question = question
        }

        /// Whether it admits every instance.
        public var isUnconditional: Bool { self.alternatives == [[]] && self.question == nil }
    }

    /// The first that admits an instance says what is seen of it. What comes after one that admits every instance
    /// is dropped.
    public let clauses: [Clause]

    /// Creates the sight of `clauses`, in order.
    public init(_ clauses: [Clause]) {
        let end = clauses.firstIndex { $0.isUnconditional }.map { $0 + 1 } ?? clauses.count
        self.clauses = Array(clauses.prefix(end))
    }

    /// Every instance, whole.
    public static let everything = Sight([Clause(view: .whole, alternatives: [[]])])
    /// No instance.
    public static let nothing = Sight([])

    /// Whether it admits no instance.
    public var isNothing: Bool { self.clauses.isEmpty }

    /// Whether it admits every instance.
    public var isUnconditional: Bool { self.clauses.last?.isUnconditional ?? false }

    /// Whether the application is asked about instances.
    public var hasQuestions: Bool { self.clauses.contains { $0.question != nil } }

    /// Under which conditions an instance is seen, if the application allows it where it is asked: all of one of these
    /// have to hold.
    public var alternatives: [[Condition]] {
        if self.clauses.contains(where: { $0.alternatives == [[]] }) { return [[]] }
        var distinct: [[Condition]] = []
        for alternative in self.clauses.flatMap(\.alternatives)
        where !distinct.contains(alternative) {
            distinct.append(alternative)
        }
        return distinct
    }

    /// The view by which all instances are seen; nil if there are several, or none, or somebody is asked.
    public var onlyView: View? {
        self.clauses.count == 1 && !self.hasQuestions ? self.clauses[0].view : nil
    }

    /// Whether `property` is seen of every instance that is seen.
    public func shows(_ property: Text) -> Bool {
        self.clauses.allSatisfy { $0.view.shows(property) }
    }
}
