import LogModel
import LogStorage
import Sessions

/// What those who run the server ask of a dispatcher.
extension Dispatcher {
    /// What there is at the moment, and what was done since the start. Looks at every session.
    package var counters: DispatcherCounters {
        var counters = self.counted
        let visible = self.log.watermarks.visible
        for case .some(let entry) in self.entries {
            let subscriptions = entry.session.subscriptions.filter { !$0.isOver }
            counters.subscriptions += subscriptions.count
            if entry.session.isBlocked {
                counters.blockedSessions += 1
            } else if subscriptions.contains(where: {
                $0.phase == .waiting || $0.phase == .summarizing
            }) {
                counters.summarizingSessions += 1
            } else if subscriptions.contains(where: \.isLagging) {
                counters.laggingSessions += 1
            } else {
                counters.liveSessions += 1
            }
            for subscription in subscriptions
            where subscription.isBehind || subscription.phase == .waiting {
                let lag = visible.distance(from: min(subscription.next, visible))
                counters.deepestLag = max(counters.deepestLag, UInt64(lag))
            }
        }
        let liveLag = visible.distance(from: min(self.cursor, visible))
        if counters.liveSessions > 0 {
            counters.deepestLag = max(counters.deepestLag, UInt64(liveLag))
        }
        return counters
    }
}
