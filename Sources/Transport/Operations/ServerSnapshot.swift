import LogModel
import LogStorage
import Replication

/// What `/metrics` shows, collected at one request. A value, so that rendering is pure.
struct ServerSnapshot: Sendable {
    var version = ""
    var isReady = false
    /// Microseconds since 1970 at which the process began to serve.
    var startTime: Int64 = 0
    /// The log's bounds, as offsets.
    var retained = Offset.zero
    var durable = Offset.zero
    var visible = Offset.zero
    var appended = Offset.zero
    var volume = LogVolume()
    var append = AppendCounters()
    var ingress = IngressQueue.Usage()
    var ingressLimits = IngressQueue.Limits()
    var requests: [(key: RequestCounters.Key, seconds: Histogram)] = []
    var connections: [(kind: ConnectionKind, count: ConnectionCounters.Count)] = []
    var connectionsMax = 0
    var producers = ProducerCounters.Values()
    var producersMax = 0
    /// By code: what was refused over HTTP, to connections as such, and to producers over WebSockets.
    var refusals: [String: UInt64] = [:]
    var connectionRefusals: [String: UInt64] = [:]
    var producerRefusals: [String: UInt64] = [:]
    var dispatcher = DispatcherCounters()
    var recording = SessionRecorder.Counters()
    var decisions = DecisionDesk.Counters()
    /// Questions that wait for an answer.
    var questionsWaiting = 0
    var process = ProcessUsage()
}
