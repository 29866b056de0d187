/// What a load test does.
package enum Scenario: String, CaseIterable, Encodable, Sendable {
    /// Appends records in batches.
    case append
    /// Appends records that none, or one, of very many subscriptions wants.
    case match
    /// Delivers events to many clients.
    case fanout
    /// Reads a log from its start, and one group of it.
    case replay
    /// Many clients reconnect at once and resume, beside others that are live.
    case resume
    /// Connections with a subscription each, to which nothing is delivered.
    case idle
    /// A share of the clients stops reading while the others are live.
    case slow
    /// Deliveries, appends, clients that come and go, and some that stall, all at once.
    case mixed
    /// The same for long, with a look at whether memory grows.
    case soak
}
