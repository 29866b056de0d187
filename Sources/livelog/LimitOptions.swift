import ArgumentParser
import Replication
import Sessions
import Transport

/// What `livelog serve` takes from outside at most, as options.
struct LimitOptions: ParsableArguments {
    @Option(help: "Submissions that may wait for the log; with more, HTTP is told to try again.")
    var ingressSubmissions = IngressQueue.Limits().submissionsMax

    @Option(help: "Bytes of submissions that may wait for the log.")
    var ingressBytes = IngressQueue.Limits().byteCountMax

    @Option(help: "Connections that are open at a time; more wait to be accepted.")
    var connections = ServerLimits().connectionsMax

    @Option(help: "Producers that are connected by WebSocket at a time.")
    var producers = ServerLimits().producersMax

    @Option(help: "Subscriptions that a session can have at a time.")
    var subscriptions = ServerLimits().session.subscriptionsMax

    @Option(help: "Requests that read the log at a time; with more, HTTP is told to try again.")
    var reads = ServerLimits().readsMax

    @Option(
        help: """
            Records that a subscription may have replayed before it gets a snapshot instead; clients can ask \
            for fewer. Default: as many as there are.
            """)
    var replayRecords: Int?

    @Option(help: "Seconds from a connection to the end of its TLS handshake.")
    var tlsHandshakeSeconds = ServerLimits().tlsHandshakeSecondsMax

    @Flag(help: "Refuse filters that only a look at every record of their model can answer.")
    var refuseScans = false

    func validate() throws {
        for (name, value) in [
            ("--ingress-submissions", self.ingressSubmissions),
            ("--ingress-bytes", self.ingressBytes), ("--connections", self.connections),
            ("--producers", self.producers), ("--subscriptions", self.subscriptions),
            ("--reads", self.reads), ("--tls-handshake-seconds", self.tlsHandshakeSeconds),
            ("--replay-records", self.replayRecords ?? 1),
        ] where value < 1 {
            throw ValidationError("\(name) is at least 1.")
        }
    }

    /// Puts the options into `limits`.
    func apply(to limits: inout ServerLimits) {
        limits.ingress.submissionsMax = self.ingressSubmissions
        limits.ingress.byteCountMax = self.ingressBytes
        limits.connectionsMax = self.connections
        limits.producersMax = self.producers
        limits.readsMax = self.reads
        limits.session.subscriptionsMax = self.subscriptions
        limits.session.replayedRecordsMax = self.replayRecords
        limits.tlsHandshakeSecondsMax = self.tlsHandshakeSeconds
        limits.session.allowsScans = !self.refuseScans
    }
}
