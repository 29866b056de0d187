import Settings
import Transport

extension ServerLimits {
    /// Looks at a WebSocket in the time after which a silent one is closed, and of these without a word before a ping.
    private static let looksBeforeClose = 12
    private static let looksBeforePing = 4

    /// Takes over what a configuration says of limits.
    mutating func apply(_ settings: Settings) {
        let limits = settings.limits
        self.admission.trustedProxies = settings.trustedProxies
        if let count = limits.connectionsPerAddress {
            self.admission.connectionsPerAddressMax = count
            self.admission.limitsLoopbackConnections = true
        }
        if let count = limits.connectionsPerPrincipal {
            self.admission.connectionsPerPrincipalMax = count
        }
        if let count = limits.failedAuthenticationsPerMinute {
            self.admission.failedAuthentications = Rate(count, inSeconds: 60)
            self.admission.limitsLoopbackAuthentications = true
        }
        if let count = limits.readsPerClient { self.admission.readsPerClientMax = count }
        if let count = limits.messagesPerSecond { self.admission.messagesPerSecond = count }
        if let count = limits.messageBurst { self.admission.messageBurst = count }
        if let count = limits.pingsPerTenSeconds {
            self.admission.pings = Rate(count, inSeconds: 10)
        }
        self.admission.requests = limits.requestsPerSecond.map { Rate($0) }
        self.admission.records = limits.recordsPerSecond.map { Rate($0) }
        self.admission.bytes = limits.bytesPerSecond.map { Rate($0) }
        if let seconds = limits.silenceSeconds {
            self.tickSeconds = max(1, seconds / Self.looksBeforeClose)
            self.quietTicksMax = seconds / self.tickSeconds
            self.quietTicksBeforePing = max(
                1, self.quietTicksMax * Self.looksBeforePing / Self.looksBeforeClose)
        }
    }
}
