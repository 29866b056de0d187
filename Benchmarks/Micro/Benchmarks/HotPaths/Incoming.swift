import Benchmark
import LogFormat
import LogModel
import WireProtocol

/// What happens to changes before they are appended.
func addBenchmarksOfIncoming() {
    Benchmark("read a change") { benchmark, lines in
        var body = lines.bytes
        body.reserveCapacity(body.count + ChangeReader.padding)
        benchmark.startMeasurement()
        let changes = try lines.reader.read(body, as: .ndjson, batching: .atomic)
        benchmark.stopMeasurement()
        precondition(changes.list.count == Sample.count)
    } setup: {
        Lines()
    }

    Benchmark("read a change of a model with rules") { benchmark, lines in
        var body = lines.bytes
        body.reserveCapacity(body.count + ChangeReader.padding)
        benchmark.startMeasurement()
        let changes = try lines.reader.read(
            body, as: .ndjson, batching: .atomic, rules: lines.rules)
        benchmark.stopMeasurement()
        precondition(changes.list.count == Sample.count)
    } setup: {
        Lines()
    }

    Benchmark("hash the groups of a change") { benchmark, sample in
        benchmark.startMeasurement()
        var sum: UInt64 = 0
        for change in sample.changes.list { sum ^= sample.hashes(of: change) }
        benchmark.stopMeasurement()
        blackHole(sum)
    } setup: {
        Sample()
    }
}

extension Sample {
    /// All hashes of the groups of `change`, its model's included.
    fileprivate func hashes(of change: Changes.Change) -> UInt64 {
        let text = self.changes.text.span.bytes
        let model = text.slice(change.model.start, change.model.count)
        var sum = Self.hasher.groupHash(
            model: model, property: text.slice(0, 0), isNull: true, value: text.slice(0, 0))
        for index in change.groups {
            let group = self.changes.groups[index]
            sum ^= Self.hasher.groupHash(
                model: model, property: text.slice(group.property.start, group.property.count),
                isNull: group.value.kind == .null,
                value: text.slice(group.value.text.start, group.value.text.count))
        }
        return sum
    }
}

/// The body of a request with a batch of a thousand changes, and who reads one body after the other.
private final class Lines {
    let bytes: [UInt8]
    var reader = ChangeReader()
    let rules = ModelRules([
        ModelRules.Model(label: "todolist.Task", recordedGroups: ["id", "list_id", "owner_id"])
    ])

    init() {
        let changes = Sample.changes(firstKey: 10_000_000, batchCount: Sample.count)
        var bytes: [UInt8] = []
        for change in changes.list {
            bytes += Array(#"{"model":"todolist.Task","action":"CREATED","instance":"#.utf8)
            bytes += changes.text[change.instance.range]
            bytes += Array("}\n".utf8)
        }
        self.bytes = bytes
    }
}
