import Benchmark
import LogFormat
import LogModel
import Sessions
import WireProtocol

/// What is sent of a record: made once for all who get the same.
func addBenchmarksOfDelivering() {
    let numbered = RestLive2Form(id: Array("1".utf8), model: "todolist.Task")
    let dialects: [(String, Dialect, RecordForm)] = [
        ("livelog.v1", .livelog1, .livelog1),
        ("rest-live 1", .restLive, .restLive1(model: nil)),
        ("rest-live 2", .restLive, .restLive2(numbered)),
        ("server-sent events", .serverSentEvents, .livelog1),
    ]
    for (name, dialect, form) in dialects {
        Benchmark("encode a delivered record, \(name)") { benchmark, sample in
            var composer = FrameComposer(
                dialect: dialect, joinsBatches: true, limits: SessionLimits())
            var renderer = RecordRenderer()
            var recordCount = 0
            benchmark.startMeasurement()
            let records = sample.records.span.bytes
            for (index, position) in sample.positions.enumerated() {
                let record = RecordView(trusting: records, at: position)
                composer.add(record, .entered, record.group(1), to: 1, as: form, by: &renderer)
                let endsTurn = index % recordsOfTurn == recordsOfTurn - 1
                composer.endBatch(isForced: endsTurn) { token(after: record.offset) }
                if endsTurn { recordCount += composer.take().recordCount }
            }
            benchmark.stopMeasurement()
            precondition(recordCount == Sample.count)
        } setup: {
            Sample()
        }
    }
}

/// How many records a turn of the loop gives to an audience: each is a batch of its own.
private let recordsOfTurn = 50

private func token(after offset: Offset) -> String {
    ResumeToken(epoch: Epoch(1), next: offset.next, checksum: 7).text
}
