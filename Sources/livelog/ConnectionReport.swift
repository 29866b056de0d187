import LivelogClient
import Synchronization

/// Says on standard error what happens to a subscription.
final class ConnectionReport: Sendable {
    private struct State {
        var isLost = false
        var isLive = false
        var hasSnapshot = false
        var knowsPlan = false
    }

    private let state = Mutex(State())

    /// Says it, except that a first connection is not worth a line.
    func show(_ event: ConnectionEvent) {
        switch event {
        case .connected(let acceptance):
            let (wasLost, isNewPlan) = self.state.withLock { state in
                defer { (state.isLost, state.isLive, state.knowsPlan) = (false, false, true) }
                return (state.isLost, !state.knowsPlan)
            }
            if wasLost { Diagnostics.say("connected again") }
            if isNewPlan, acceptance.plan == .scan {
                Diagnostics.say(
                    "no index finds these: the server looks at every change of the model")
            }
            if acceptance.snapshot == .budget {
                Diagnostics.say("more changes than --budget: a snapshot comes in their place")
            }
        case .lost(let error, let delay):
            self.state.withLock { $0.isLost = true }
            let wait = Diagnostics.seconds(delay)
            Diagnostics.say("connection lost: \(error); retrying in \(wait)")
        }
    }

    /// Says what the lines just printed mean, and once for each connection that they are all up to now.
    func show(_ delivery: Delivery) {
        if delivery.kind == .snapshot { self.showSnapshot(delivery) }
        guard delivery.isLive else { return }
        let isNews = self.state.withLock { state in
            defer { state.isLive = true }
            return !state.isLive
        }
        if isNews { Diagnostics.say("live: everything up to now is printed") }
    }

    private func showSnapshot(_ delivery: Delivery) {
        let isReplacement = self.state.withLock { state in
            defer { state.hasSnapshot = true }
            return state.hasSnapshot
        }
        let count = delivery.records.count
        let what = "a snapshot of \(count) \(count == 1 ? "instance" : "instances")"
        Diagnostics.say(isReplacement ? "\(what), instead of everything before" : what)
        if delivery.isPartial {
            Diagnostics.say("the log no longer has all records: instances may be missing")
        }
    }
}
