import Access
import LogFormat
import LogModel
import LogStorage
import Logging
import Matching
import Sessions
import WireProtocol

/// How a subscription of rest-live 2 finds the one instance that it is for. From then on it follows that instance, by
/// its key, whatever becomes of what it was looked up by.
extension Dispatcher {
    /// Begins the starting subscription in `slot` for the instance for which `condition` holds now, or refuses it.
    ///
    /// Takes a few looks at the log's indexes, and at most ``Limits/lookupsMax`` records.
    ///
    /// - Parameter start: where it begins; nil for here and now.
    func retrieve(
        _ index: Int, _ slot: Int, by condition: Condition, from start: Offset? = nil,
        output: inout [UInt8]
    ) {
        guard let session = self.entries[index]?.session else { return }
        let filter = session.subscriptions[slot].request.filter
        var lookup = DecisionLookup(self.decisions)
        let key: Condition?
        do throws(StorageError) {
            key = try self.key(
                of: filter, by: condition, session.reader.policy.modelRules[filter.model],
                deciding: &lookup)
        } catch {
            self.logger.error("an instance cannot be looked up: \(error)")
            return self.fail(index)
        }
        guard lookup.undecided.isEmpty else {
            let place = SubscriptionPlace(session: index, slot: slot)
            let retrieval = Retrieval(
                place: place, condition: condition,
                start: start ?? self.log.watermarks.visible)
            self.retrievals[place] = self.ask(lookup.undecided, for: retrieval)
            return
        }
        guard let key else {
            let refusal = self.entries[index]?.session.refuseUnknownInstance(slot, output: &output)
            if case .refused(let code) = refusal { self.counted.refusals[code, default: 0] += 1 }
            return
        }
        self.entries[index]?.session.narrow(slot, to: key, from: start)
        self.start(index, slot, output: &output)
    }

    /// The condition that holds for the key of the instance of `filter` for which `condition` holds; nil if there is none.
    private func key(
        of filter: Filter, by condition: Condition, _ rules: ModelRules.Model?,
        deciding lookup: inout DecisionLookup
    ) throws(StorageError) -> Condition? {
        guard case .isIn(let values) = condition.test, let value = values.first else { return nil }
        let property = rules?.key ?? ModelRules.defaultKey
        let wanted = Filter(
            model: filter.model, conditions: filter.conditions + [condition], sight: filter.sight)
        let predicate = Predicate(wanted, hasher: self.log.hasher)
        guard condition.property != property else {
            return try self.isIn(predicate, value.text, &lookup) ? condition : nil
        }
        let group = GroupKey(
            model: filter.model, property: condition.property, value: value)
        var end = self.log.watermarks.visible
        // The last record of the group is the instance's, unless that has left it since another one entered.
        for _ in 0..<self.limits.lookupsMax {
            guard let offset = try self.log.latestRecord(of: group, before: end) else { return nil }
            end = offset
            let key = try self.log.withRecord(at: offset) {
                Scalar(kind: $0.keyKind, text: Text(bytes: $0.key.copy()))
            }
            if let key, try self.isIn(predicate, key.text, &lookup) {
                return Condition(property: property, test: .isIn([key]))
            }
        }
        return nil
    }

    /// Whether the instance with this key is in the set that `predicate` is of, as of now. Of what is not decided it is
    /// not, and `lookup` says so.
    private func isIn(
        _ predicate: Predicate, _ key: Text, _ lookup: inout DecisionLookup
    ) throws(StorageError) -> Bool {
        guard let offset = try self.log.latestRecord(model: predicate.filter.model, key: key) else {
            return false
        }
        return try self.log.withRecord(at: offset) { record in
            guard let change = predicate.change(by: record), change != .left, change != .deleted
            else { return false }
            guard predicate.hasQuestions else { return true }
            if case .seen = predicate.sighting(
                after: record, by: { lookup.decision(on: $0) })
            {
                return true
            }
            return false
        } ?? false
    }
}
