import LogModel
import LogStorage
import Replication
import WireProtocol

/// Renders what `/metrics` shows. Pure.
///
/// Every metric is there from the first request on, with 0 where nothing happened, so that rates and alarms
/// have something to begin with. `docs/operations.md` explains them.
enum MetricsPage {
    static func render(_ snapshot: ServerSnapshot) -> String {
        var page = PrometheusText()
        Self.addServer(snapshot, to: &page)
        Self.addLog(snapshot, to: &page)
        Self.addAppends(snapshot, to: &page)
        Self.addConnections(snapshot, to: &page)
        Self.addSessions(snapshot.dispatcher, to: &page)
        Self.addRecording(snapshot.recording, to: &page)
        Self.addDecisions(snapshot, to: &page)
        Self.addProcess(snapshot.process, to: &page)
        return page.text
    }

    private static func addServer(_ snapshot: ServerSnapshot, to page: inout PrometheusText) {
        page.add(
            MetricFamily(.gauge, "livelog_build_info", "1, with the version of the server."),
            by: "version", [(snapshot.version, 1)])
        page.add(
            MetricFamily(
                .gauge, "livelog_ready", "1 while /readyz says so: serving, and taking appends."),
            snapshot.isReady ? 1 : 0)
        page.add(
            MetricFamily(
                .gauge, "process_start_time_seconds",
                "When the server began to serve, in seconds since 1970."),
            Double(snapshot.startTime) / 1_000_000)
    }

    private static func addLog(_ snapshot: ServerSnapshot, to page: inout PrometheusText) {
        page.add(
            MetricFamily(
                .gauge, "livelog_log_offset",
                "The log's bounds: the first offset that is kept, and the first that is not yet durable, visible, appended."
            ), by: "bound",
            [
                ("retained", snapshot.retained), ("durable", snapshot.durable),
                ("visible", snapshot.visible), ("appended", snapshot.appended),
            ].map { ($0, Int(clamping: $1.rawValue)) })
        let parts = [
            ("growing", snapshot.volume.growing), ("sealed", snapshot.volume.sealed),
            ("cold", snapshot.volume.cold),
        ]
        page.add(
            MetricFamily(.gauge, "livelog_log_segments", "Segments of the log."), by: "kind",
            parts.map { ($0.0, $0.1.segmentCount) })
        page.add(
            MetricFamily(
                .gauge, "livelog_log_segments_bytes",
                "Bytes of the segments' files; of growing ones, what is set aside for them."),
            by: "kind", parts.map { ($0.0, $0.1.byteCount) })
    }

    private static func addAppends(_ snapshot: ServerSnapshot, to page: inout PrometheusText) {
        let append = snapshot.append
        page.add(
            MetricFamily(.counter, "livelog_append_records_total", "Records that were appended."),
            append.records)
        page.add(
            MetricFamily(
                .counter, "livelog_append_bytes_total",
                "Bytes that the appended records have in the log."), append.bytes)
        page.add(
            MetricFamily(.counter, "livelog_append_batches_total", "Batches that were appended."),
            append.batches)
        page.add(
            MetricFamily(
                .counter, "livelog_append_repeated_batches_total",
                "Batches that had been appended before, and got their first receipt."),
            append.repeatedBatches)
        page.add(
            MetricFamily(
                .counter, "livelog_append_refused_total",
                "Submissions that the log has refused, by the code that the producer got."),
            by: "reason",
            StorageError.Code.allCases.map {
                ($0.rawValue, Int(clamping: append.refusals[$0] ?? 0))
            })
        page.add(
            MetricFamily(
                .histogram, "livelog_sync_duration_seconds", "How long each sync of the log took."),
            [([], append.syncSeconds)])
        page.add(
            MetricFamily(
                .histogram, "livelog_commit_records", "How many records each commit had."),
            [([], append.recordsPerCommit)])
        page.add(
            MetricFamily(
                .gauge, "livelog_ingress_submissions", "Submissions that wait for the appender."),
            snapshot.ingress.submissionCount)
        page.add(
            MetricFamily(
                .gauge, "livelog_ingress_limit_submissions", "Submissions that may wait."),
            snapshot.ingressLimits.submissionsMax)
        page.add(
            MetricFamily(
                .gauge, "livelog_ingress_bytes", "Bytes of the submissions that wait."),
            snapshot.ingress.byteCount)
        page.add(
            MetricFamily(
                .gauge, "livelog_ingress_limit_bytes", "Bytes of submissions that may wait."),
            snapshot.ingressLimits.byteCountMax)
        page.add(
            MetricFamily(
                .counter, "livelog_ingress_full_total",
                "Submissions that found no room: refused with 503, or their socket paused."),
            snapshot.ingress.fullCount)
    }

    private static func addConnections(_ snapshot: ServerSnapshot, to page: inout PrometheusText) {
        page.add(
            MetricFamily(
                .histogram, "livelog_http_request_duration_seconds",
                "From a request's head to the end of its response."),
            snapshot.requests.map { request in
                (
                    [
                        ("route", request.key.route), ("method", request.key.method),
                        ("status", request.key.status),
                    ], request.seconds
                )
            })
        page.add(
            MetricFamily(.gauge, "livelog_connections", "Connections that are open."), by: "kind",
            snapshot.connections.map { ($0.kind.rawValue, $0.count.open) })
        page.add(
            MetricFamily(
                .counter, "livelog_connections_opened_total", "Connections since the start."),
            by: "kind", snapshot.connections.map { ($0.kind.rawValue, $0.count.begun) })
        page.add(
            MetricFamily(
                .gauge, "livelog_connections_limit",
                "Connections that may be open; more wait to be accepted."), snapshot.connectionsMax)
        page.add(
            MetricFamily(
                .gauge, "livelog_producers_limit", "Producers that may be connected by WebSocket."),
            snapshot.producersMax)
        page.add(
            MetricFamily(
                .gauge, "livelog_producer_batches_waiting",
                "Batches of producers' WebSockets that are not answered."),
            snapshot.producers.unanswered)
        page.add(
            MetricFamily(
                .gauge, "livelog_producers_paused",
                "Producers' WebSockets that are not read until there is room."),
            snapshot.producers.paused)
        page.add(
            MetricFamily(
                .counter, "livelog_producer_receipts_total",
                "Batches of producers' WebSockets that got a receipt."),
            snapshot.producers.receipts)
        page.add(
            MetricFamily(
                .counter, "livelog_producer_refused_total",
                "Batches of producers' WebSockets that were refused."), snapshot.producers.refused)
        Self.addRefusals(snapshot, to: &page)
    }

    private static func addRefusals(_ snapshot: ServerSnapshot, to page: inout PrometheusText) {
        let http = Self.filled(
            snapshot.refusals, with: ["overloaded", "stopping"] + Problem.tooManyCodes)
        let connections = Self.filled(snapshot.connectionRefusals, with: Admission.codes)
        let producers = Self.filled(snapshot.producerRefusals, with: ["stopping"])
        let subscribers = Self.filled(
            snapshot.dispatcher.refusals, with: RequestErrorCode.allCases.map(\.rawValue))
        page.add(
            MetricFamily(
                .counter, "livelog_refused_total",
                "Requests, connections, and messages of producers and subscribers, that were refused, by the code of the answer."
            ),
            http.map { ([("way", "http"), ("code", $0.0)], $0.1) }
                + connections.map { ([("way", "connection"), ("code", $0.0)], $0.1) }
                + producers.map { ([("way", "producer"), ("code", $0.0)], $0.1) }
                + subscribers.map { ([("way", "subscriber"), ("code", $0.0)], $0.1) })
    }

    private static func addSessions(
        _ counters: DispatcherCounters, to page: inout PrometheusText
    ) {
        page.add(
            MetricFamily(
                .gauge, "livelog_sessions", "Sessions of subscribers, by how they follow the log."),
            by: "state",
            [
                ("summarizing", counters.summarizingSessions), ("live", counters.liveSessions),
                ("lagging", counters.laggingSessions), ("blocked", counters.blockedSessions),
            ])
        page.add(
            MetricFamily(.gauge, "livelog_subscriptions", "Subscriptions of all sessions."),
            counters.subscriptions)
        page.add(
            MetricFamily(
                .gauge, "livelog_subscription_lag_records",
                "Records between the subscription that is furthest behind and what is visible."),
            counters.deepestLag)
        page.add(
            MetricFamily(
                .counter, "livelog_deliveries_total",
                "Records that were given to subscriptions, once for each."), counters.deliveries)
        page.add(
            MetricFamily(
                .counter, "livelog_subscriber_writes_total",
                "Writes to subscribers; one carries all that a session gets at a time."),
            counters.writes)
        page.add(
            MetricFamily(
                .counter, "livelog_sent_bytes_total", "Bytes that were written to subscribers."),
            counters.sentBytes)
        page.add(
            MetricFamily(
                .counter, "livelog_catch_up_records_total",
                "Records that lagging subscriptions have looked at."), counters.catchUpRecords)
        page.add(
            MetricFamily(
                .counter, "livelog_dispatcher_turns_total",
                "Turns of the event loops that had something to give out."), counters.turns)
        page.add(
            MetricFamily(
                .counter, "livelog_resets_total",
                "Subscriptions that could not go on, by the reason that they were told."),
            by: "reason",
            Self.filled(counters.resets, with: ResetReason.allCases.map(\.rawValue)))
        page.add(
            MetricFamily(
                .counter, "livelog_closes_total",
                "Subscribers' sockets that the server has closed, by close code."),
            by: "code",
            Self.filled(counters.closes, with: CloseCode.allCases.map(\.rawValue)))
    }

    private static func addRecording(
        _ counters: SessionRecorder.Counters, to page: inout PrometheusText
    ) {
        page.add(
            MetricFamily(
                .counter, "livelog_session_entries_total",
                "Entries of recorded sessions, by what became of them."),
            by: "result",
            [
                ("recorded", Int(clamping: counters.recorded)),
                ("lost", Int(clamping: counters.lost)),
            ])
    }

    private static func addDecisions(_ snapshot: ServerSnapshot, to page: inout PrometheusText) {
        let counters = snapshot.decisions
        page.add(
            MetricFamily(
                .gauge, "livelog_questions_waiting",
                "Questions about who may see a record that wait for the application."),
            snapshot.questionsWaiting)
        page.add(
            MetricFamily(
                .counter, "livelog_decisions_total",
                "What the application decided of records, by answer."),
            by: "answer",
            [
                ("allowed", Int(counters.decisions - counters.refusals)),
                ("refused", Int(counters.refusals)),
            ])
        page.add(
            MetricFamily(
                .counter, "livelog_inquiries_total",
                "Times that the application was asked, each about many records."),
            counters.inquiries)
        page.add(
            MetricFamily(
                .counter, "livelog_inquiries_failed_total",
                "Times that it did not answer, or not as it has to."), counters.failures)
    }

    private static func addProcess(_ process: ProcessUsage, to page: inout PrometheusText) {
        page.add(
            MetricFamily(
                .gauge, "process_resident_memory_bytes",
                "Memory that is resident, pages of the log's files among it."),
            process.residentByteCount)
        page.add(
            MetricFamily(
                .gauge, "livelog_anonymous_memory_bytes",
                "Resident memory that no file backs: what the process itself needs."),
            process.anonymousByteCount)
        page.add(
            MetricFamily(
                .counter, "process_cpu_seconds_total", "Processor time, of all threads."),
            process.processorSeconds)
        page.add(
            MetricFamily(.gauge, "process_open_fds", "Files and sockets that are open."),
            process.openFileCount)
        page.add(
            MetricFamily(.gauge, "process_max_fds", "Files and sockets that may be open."),
            process.openFilesMax)
    }

    /// The counts of `keys`, which are always shown, and of whatever else was counted, sorted.
    private static func filled<Key: Hashable & Comparable>(
        _ counts: [Key: UInt64], with keys: [Key]
    ) -> [(String, Int)] {
        Set(keys).union(counts.keys).sorted().map { ("\($0)", Int(clamping: counts[$0] ?? 0)) }
    }
}
