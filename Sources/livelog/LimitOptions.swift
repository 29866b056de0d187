import ArgumentParser
import Replication
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

    func validate() throws {
        for (name, value) in [
            ("--ingress-submissions", self.ingressSubmissions),
            ("--ingress-bytes", self.ingressBytes), ("--connections", self.connections),
            ("--producers", self.producers),
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
    }
}
