import Access
import LogFormat
import LogModel
import Matching
import WireProtocol

extension RuleTrial {
    /// The models that were met, each with what its records are to everybody.
    struct Models {
        private let proposed: [Reader]
        private let present: [Reader]
        private let hasher: GroupHasher
        /// By the hash of the model's group, with which every record begins.
        private var places: [UInt64: Int] = [:]
        private var models: [Model] = []
        private var renderer = RecordRenderer()

        init(proposed: [Reader], present: [Reader], hasher: GroupHasher) {
            self.proposed = proposed
            self.present = present
            self.hasher = hasher
        }

        var cells: [Cell] { self.models.flatMap { $0.pairs.map(\.cell) } }

        /// Counts a record. Adds what differs to `found` as long as that has less than `top`, and returns for how many
        /// principals it differs.
        mutating func look(
            at record: borrowing RecordView, _ found: inout [Difference], top: Int
        ) -> Int {
            guard record.groupCount > 0 else { return 0 }
            let hash = record.groupHash(0)
            let place: Int
            if let known = self.places[hash] {
                place = known
            } else {
                place = self.models.count
                self.places[hash] = place
                self.models.append(
                    Model(
                        Text(bytes: record.model.copy()), proposed: self.proposed,
                        present: self.present, hasher: self.hasher))
            }
            var count = 0
            for index in self.models[place].pairs.indices {
                let kind = self.models[place].pairs[index].look(at: record, &self.renderer)
                guard let kind else { continue }
                count += 1
                guard found.count < top else { continue }
                let pair = self.models[place].pairs[index]
                found.append(
                    Difference(
                        kind: kind, offset: record.offset, model: pair.cell.model,
                        key: Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy())),
                        principal: pair.cell.principal, present: pair.present.words(of: record),
                        proposed: pair.proposed.words(of: record)))
            }
            return count
        }
    }

    /// One model, for all principals.
    struct Model {
        var pairs: [Pair]

        init(_ model: Text, proposed: [Reader], present: [Reader], hasher: GroupHasher) {
            self.pairs = proposed.indices.map { index in
                Pair(
                    cell: Cell(model: model, principal: index),
                    proposed: Sighted(model, proposed[index], hasher),
                    present: Sighted(model, present[index], hasher))
            }
        }
    }

    /// One model and one principal, by both configurations.
    struct Pair {
        var cell: Cell
        let proposed: Sighted
        let present: Sighted

        /// Counts a record; returns how it differs, if it does.
        mutating func look(
            at record: borrowing RecordView, _ renderer: inout RecordRenderer
        ) -> Difference.Kind? {
            let after = self.proposed.seen(of: record)
            let before = self.present.seen(of: record)
            var (shown, shownBefore): ([UInt8], [UInt8]) = ([], [])
            if let after {
                renderer.appendLivelog1(record, after.change, after.view, to: &shown)
                self.cell.proposed.count(after.change)
                self.cell.proposedBytes += shown.count
            }
            if let before {
                if let after, after == before {
                    shownBefore = shown
                } else {
                    renderer.appendLivelog1(record, before.change, before.view, to: &shownBefore)
                }
                self.cell.present.count(before.change)
                self.cell.presentBytes += shownBefore.count
            }
            let kind: Difference.Kind
            switch (before, after) {
            case (nil, nil): return nil
            case (nil, _?): kind = .gained
            case (_?, nil): kind = .lost
            case (let before?, let after?):
                guard shown != shownBefore else { return nil }
                kind = before.change == after.change ? .fields : .change
            }
            self.cell.differing[kind, default: 0] += 1
            return kind
        }
    }

    /// What somebody sees of a model.
    struct Sighted {
        /// What is seen of a record.
        struct Seen: Equatable {
            let change: SetChange
            let view: View
        }

        private let predicate: Predicate
        /// The rule of each view that is for them, by the view's number.
        private let rules: [UInt32: String]

        init(_ model: Text, _ reader: Reader, _ hasher: GroupHasher) {
            let sight = reader.policy.sight(of: reader.principal, on: model)
            self.predicate = Predicate(Filter(model: model, sight: sight), hasher: hasher)
            let views = reader.policy.models[model]?.views ?? []
            self.rules = Dictionary(views.map { ($0.view.number, $0.rule.words) }) { first, _ in
                first
            }
        }

        /// What is seen of `record`; nil if nothing is.
        func seen(of record: borrowing RecordView) -> Seen? {
            self.predicate.change(by: record).map {
                Seen(change: $0, view: self.predicate.view(of: record, $0))
            }
        }

        /// What is seen of `record`, and why, in words.
        func words(of record: borrowing RecordView) -> String {
            guard let seen = self.seen(of: record) else {
                return self.predicate.filter.sight.isNothing
                    ? "not seen, as no view is for them"
                    : "not seen, as no view that is for them admits the instance"
            }
            let rule = self.rules[seen.view.number].map { " for \($0)" } ?? ""
            return
                "\(seen.change.name) by the view \"\(seen.view.name)\"\(rule): \(seen.view.words)"
        }
    }
}
