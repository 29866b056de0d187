import Access
import LogModel
import LogStorage
import Logging
import Matching
import Sessions
import WireProtocol

/// How what the log grants takes effect: in the order of the log, after the batch that grants it or takes it away.
extension Dispatcher {
    /// `reader` with what is granted to it, of which its session hears from now on.
    func watchGrants(_ reader: Reader, _ index: Int) -> Reader {
        self.leaveGrants(index)
        let principal = reader.principal
        guard reader.policy.mayGrant(to: principal) else {
            return principal.granted.isEmpty ? reader : reader.granting([:])
        }
        if let granted = self.grants.join(index, principal.subject) {
            return reader.granting(granted)
        }
        let granted = self.granted(to: reader)
        let predicates = GrantReading(self.log).predicates(for: principal, under: reader.policy)
        for (subscriber, predicate) in self.grants.add(
            index, principal.subject, granted, predicates)
        {
            self.matcher.add(subscriber, predicate)
        }
        return reader.granting(granted)
    }

    /// Lets a session hear no more of what is granted.
    func leaveGrants(_ index: Int) {
        for (subscriber, predicate) in self.grants.leave(index) {
            self.matcher.remove(subscriber, predicate)
        }
    }

    /// Lets sessions see what they may after the batch before the loop's cursor.
    func takeGrants() {
        for number in self.grants.takeChanged() { self.takeGrants(of: number) }
    }

    /// Lets all sessions see what they may, because the loop has not looked at every record.
    func takeAllGrants() {
        _ = self.grants.takeChanged()
        for number in self.grants.all { self.takeGrants(of: number) }
    }

    private func takeGrants(of number: Int) {
        let sessions = self.grants.sessions(of: number)
        guard let first = sessions.first, let reader = self.entries[first]?.session.reader else {
            return
        }
        let granted = self.granted(to: reader)
        guard self.grants.note(granted, of: number) else { return }
        for index in sessions {
            guard let reader = self.entries[index]?.session.reader else { continue }
            self.become(reader.granting(granted), index, isInPlace: true)
        }
    }

    /// What was granted to `reader` at the loop's cursor; nothing if that is not known.
    private func granted(to reader: Reader) -> [String: [Scalar]] {
        let reading = GrantReading(self.log)
        do throws(GrantReading.Failure) {
            do throws(GrantReading.Failure) {
                return try reading.granted(
                    to: reader.principal, under: reader.policy, before: self.cursor)
            } catch .storage(let error) where error.code == .retained {
                // What was before compaction is not known: then by what is now.
                return try reading.granted(
                    to: reader.principal, under: reader.policy, before: self.log.watermarks.visible)
            }
        } catch {
            self.logger.error("\(error)")
            return [:]
        }
    }

    /// By what its client knows the set of a subscription to `request` that resumes at `place`, if that is not what its
    /// reader sees now, because something was granted meanwhile or taken away.
    ///
    /// - Returns: nil if it is what is seen now. With it who the reader was.
    func sightAt(
        _ place: Offset, of request: SubscriptionRequest, _ index: Int
    ) throws(GrantReading.Failure) -> (predicate: Predicate, principal: Principal)? {
        guard case .token = request.start, let reader = self.entries[index]?.session.reader else {
            return nil
        }
        let before = try GrantReading(self.log).sight(
            on: request.filter, of: reader, at: place, before: self.cursor)
        return before.map { before in
            let predicate = Predicate(before.filter, hasher: self.log.hasher) {
                self.log.rarity(of: $0)
            }
            return (predicate, before.principal)
        }
    }
}
