import LogModel
import LogStorage
import Sessions
import WireProtocol

/// What those who run the server ask of a dispatcher.
extension Dispatcher {
    /// What there is at the moment. O(sessions).
    package var counters: DispatcherCounters {
        var counters = DispatcherCounters()
        let visible = self.log.watermarks.visible
        for case .some(let entry) in self.entries {
            let subscriptions = entry.session.subscriptions.filter { !$0.isOver }
            counters.subscriptions += subscriptions.count
            if entry.session.isBlocked {
                counters.blockedSessions += 1
            } else if subscriptions.contains(where: \.isLagging) {
                counters.laggingSessions += 1
            } else {
                counters.liveSessions += 1
            }
            for subscription in subscriptions where subscription.isLagging {
                counters.deepestLag = max(
                    counters.deepestLag,
                    visible.rawValue - min(subscription.next.rawValue, visible.rawValue))
            }
        }
        return counters
    }

    /// Tells at most `countMax` sessions how far they got, and closes them with 1001. Returns how many remain.
    package func drain(_ countMax: Int, reason: String) -> Int {
        self.tellProgress()
        let going = self.entries.compactMap { $0?.connection }.prefix(countMax)
        for connection in going { connection.close(.goingAway, reason: reason) }
        return self.sessionCount
    }
}
