package import Access

/// How much of the server one client may have, and how often.
package struct AdmissionLimits: Sendable {
    /// Proxies whose `X-Forwarded-For` says which address a client has. Default none.
    package var trustedProxies = TrustedProxies()
    /// Connections of one address, or network of version 6, at a time. As many more are told so, and others closed at
    /// once. Default 200.
    package var connectionsPerAddressMax = 200
    /// Whether that holds for addresses of this machine too. Default not: tests of load come from there.
    package var limitsLoopbackConnections = false
    /// WebSockets and streams of one principal at a time. Default 100.
    package var connectionsPerPrincipalMax = 100
    /// Credentials of one address that were not accepted. Default 10 a minute.
    package var failedAuthentications = Rate(10, inSeconds: 60)
    /// Whether that holds for addresses of this machine too. Default not: a proxy that is not named would keep out
    /// everybody because of one.
    package var limitsLoopbackAuthentications = false
    /// Tokens of one session that were not accepted, after which it is closed. Default 5.
    package var refusedTokensMax = 5
    /// Requests of one client that read the log at a time; where it is not known who it is, addresses of this machine count
    /// only if connections of theirs do. Default 16.
    package var readsPerClientMax = 16
    /// Messages of a subscriber's WebSocket a second. Default 20.
    package var messagesPerSecond = 20
    /// Messages that may come at once; nil for a message for each subscription that a session can have, and 100 more, so
    /// that a client which comes back can ask for all of its subscriptions. Default nil.
    package var messageBurst: Int?
    /// Pings of a WebSocket. Default 10 in 10 seconds.
    package var pings = Rate(10, inSeconds: 10)
    /// Requests and handshakes of a principal, or of an address of which it is not known who is there. Default no limit.
    package var requests: Rate?
    /// Records that a principal, or such an address, publishes. Default no limit.
    package var records: Rate?
    /// Bytes of changes that a principal, or such an address, publishes. Default no limit.
    package var bytes: Rate?
    /// Clients that are remembered for each of the rates. Default 10,000.
    package var clientsMax = 10_000

    /// Creates the default limits.
    package init() {}
}
