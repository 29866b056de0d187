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
    /// Begins the starting subscription in `slot` for the instance for which `condition` holds now, or refuses it. If the
    /// application has to say whether it is seen, that waits for its answer.
    ///
    /// Takes a few looks at the log's indexes, and at most ``Limits/lookupsMax`` records.
    func retrieve(_ index: Int, _ slot: Int, by condition: Condition, output: inout [UInt8]) {
        guard let session = self.entries[index]?.session else { return }
        let filter = session.subscriptions[slot].request.filter
        let key: Condition?
        var lookup = DecisionLookup(self.decisions)
        do throws(StorageError) {
            key = try self.key(
                of: filter, by: condition, session.reader.policy.modelRules[filter.model],
                deciding: &lookup)
        } catch {
            self.logger.error("an instance cannot be looked up: \(error)")
            return self.fail(index)
        }
        guard let key else {
            guard lookup.undecided.isEmpty else {
                let place = SubscriptionPlace(session: index, slot: slot)
                return self.ask(lookup.undecided, toRetrieve: place, by: condition)
            }
            let refusal = self.entries[index]?.session.refuseUnknownInstance(slot, output: &output)
            if case .refused(let code) = refusal { self.counted.refusals[code, default: 0] += 1 }
            return
        }
        self.entries[index]?.session.narrow(slot, to: key)
        self.start(index, slot, output: &output)
    }

    /// Goes on with what waited for the application's answer.
    func retrieveOn(_ place: SubscriptionPlace, by condition: Condition) {
        var output: [UInt8] = []
        self.retrieve(place.session, place.slot, by: condition, output: &output)
        self.send(OutboundBytes(output), to: place.session)
        if self.cursor == self.log.watermarks.visible { self.joinLive(place.session) }
        self.queueIfBehind(place.session)
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
        for _ in 0..<self.limits.lookupsMax where !lookup.isFull {
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

    /// Whether the instance with this key is in the set that `predicate` is of, as of now, as far as that is decided.
    private func isIn(
        _ predicate: Predicate, _ key: Text, _ lookup: inout DecisionLookup
    ) throws(StorageError) -> Bool {
        guard let offset = try self.log.latestRecord(model: predicate.filter.model, key: key) else {
            return false
        }
        var known = lookup
        defer { lookup = known }
        let isIn = try self.log.withRecord(at: offset) { record in
            guard
                case .seen(let change, _) = predicate.verdict(
                    on: record, by: { known.decision(on: $0) })
            else { return false }
            return change == .entered || change == .updated
        }
        return isIn ?? false
    }
}
