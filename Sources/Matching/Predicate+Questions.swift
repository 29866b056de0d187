package import LogFormat
package import LogModel

/// What records are to readers of whom the application is asked.
extension Predicate {
    /// What a record is to a reader.
    package enum Verdict {
        /// No concern of theirs.
        case nothing
        /// It did this to their set, and this is seen of it.
        case seen(SetChange, View)
        /// It depends on what is not decided yet.
        case undecided
        /// It was in their set if they were allowed to see what was before it, and that is gone.
        case unknown
    }

    /// What is seen of an instance at one side of a record.
    package enum Sighting {
        /// Nothing.
        case hidden
        /// By this clause of the sight.
        case seen(UInt8)
        /// It depends on what is not decided yet.
        case undecided
        /// Something, if it was allowed, and nobody knows any more.
        case unknown
    }

    /// What `record` is to a reader, by the decisions that `decide` knows; nil is for what it does not know.
    ///
    /// It is asked for all that matters of the record, so that whoever notes what it does not know can have all of it
    /// decided at once.
    package func verdict(
        on record: borrowing RecordView, by decide: (RecordQuestion) -> Decision?
    ) -> Verdict {
        guard self.hasQuestions else {
            guard let change = self.change(by: record) else { return .nothing }
            return .seen(change, self.view(of: record, change))
        }
        guard
            let (wasIn, isIn) = FilterProgram.sides(of: record, self.program.span.bytes, at: 0),
            wasIn || isIn
        else { return .nothing }
        let before = wasIn ? self.sighting(before: record, by: decide) : .hidden
        let after = isIn ? self.sighting(after: record, by: decide) : .hidden
        switch (before, after) {
        case (.undecided, _), (_, .undecided): return .undecided
        case (.seen, .seen(let clause)): return .seen(.updated, self.view(of: clause))
        // To whom it may be news it is.
        case (.hidden, .seen(let clause)), (.unknown, .seen(let clause)):
            return .seen(.entered, self.view(of: clause))
        case (.seen(let clause), .hidden), (.seen(let clause), .unknown):
            let change: SetChange = record.action == .deleted ? .deleted : .left
            return .seen(change, self.view(of: clause))
        case (.unknown, _): return .unknown
        case (.hidden, _): return .nothing
        }
    }

    /// What is seen by a clause of the sight.
    private func view(of clause: UInt8) -> View { self.filter.sight.clauses[Int(clause)].view }

    /// What is seen of `record`, which did `change` to the set, by the clause that was found to admit it; nil if that is
    /// known from its conditions.
    package func view(
        of record: borrowing RecordView, _ change: SetChange, by clause: UInt8?
    ) -> View {
        clause.map { self.view(of: $0) } ?? self.view(of: record, change)
    }

    /// What is seen of the instance that `record` made, if it is in the set.
    package func sighting(
        after record: borrowing RecordView, by decide: (RecordQuestion) -> Decision?
    ) -> Sighting {
        self.sighting(of: record, at: record.offset, isBefore: false, by: decide)
    }

    /// What was seen of the instance before `record`, if it was in the set.
    package func sighting(
        before record: borrowing RecordView, by decide: (RecordQuestion) -> Decision?
    ) -> Sighting {
        self.sighting(of: record, at: record.previousOfKey, isBefore: true, by: decide)
    }

    private func sighting(
        of record: borrowing RecordView, at offset: Offset?, isBefore: Bool,
        by decide: (RecordQuestion) -> Decision?
    ) -> Sighting {
        for (place, clause) in self.filter.sight.clauses.enumerated() {
            if !self.clausePrograms.isEmpty {
                let program = self.clausePrograms[place]
                let sides = FilterProgram.sides(of: record, program.span.bytes, at: 0)
                guard (isBefore ? sides?.wasIn : sides?.isIn) == true else { continue }
            }
            guard let question = clause.question else { return .seen(UInt8(place)) }
            guard let offset else { return .unknown }
            switch decide(RecordQuestion(question, about: offset)) {
            case .allowed: return .seen(UInt8(place))
            case .refused: continue
            case .gone: return .unknown
            case nil: return .undecided
            }
        }
        return .hidden
    }
}
