// What the tests of storage do in a process of its own: be killed, be refused, and meet a failing write.
//
//     storage-torture append DIR durable|written     appends for ever; a line for each commit
//     storage-torture open DIR [LIMIT]               opens, says how that went, waits for end of input
//     storage-torture fail DIR LIMIT                 appends until a write fails at the file byte LIMIT
//     storage-torture memory DIR                     cannot map another segment, then can again
//     storage-torture crash DIR MODE FIRST COUNT     appends known batches: `CrashWriter`
//     storage-torture read DIR                       reads everything for each line of input
//     storage-torture slow DIR COUNT                 commits beside a reader, and says how long that took
//     storage-torture short DIR files|bytes          runs out of something, then has it again
//
// LIMIT is RLIMIT_FSIZE, which makes the kernel refuse writes beyond a byte, and cut short those that cross it.

import CBusError
import Foundation
import Glibc
import LogFormat
import LogModel
import LogStorage

/// One line of output, at once.
func say(_ words: String...) {
    let line = Array((words.joined(separator: " ") + "\n").utf8)
    var done = 0
    while done < line.count {
        let count = line[done...].withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        guard count > 0 else { exit(0) }
        done += count
    }
}

func limitFiles(to count: UInt) {
    // The signal would end the process; without it the write fails.
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: count, rlim_max: count)
    guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(3) }
}

/// The batch that begins at `first`. The tests compute the same (`TortureLog`).
func batch(at first: Offset) -> Changes {
    var changes = Changes()
    for index in 0...Int(first.rawValue % 5) {
        let offset = first.advanced(by: index).rawValue
        let model = changes.add(Array("torture.Row".utf8))
        let key = changes.add(Array(String(offset % 11).utf8))
        let pad = String(repeating: "x", count: Int(offset * 37 % 700))
        let instance = changes.add(Array("{\"n\":\(offset),\"pad\":\"\(pad)\"}".utf8))
        changes.list.append(
            Changes.Change(
                action: .updated, model: model,
                key: Changes.ScalarSlice(kind: .number, text: key), groups: 0..<0,
                instance: instance, views: 0..<0))
    }
    changes.batchEnds = [changes.list.count]
    return changes
}

/// Bounds the process's memory to what it has now and `count` bytes; nil takes the bound away.
func limitMemory(to count: Int?) {
    let words = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    guard let pages = words.split(separator: " ").first.flatMap({ Int($0) }) else { exit(3) }
    var limit = rlimit(rlim_cur: rlim_t.max, rlim_max: rlim_t.max)
    if let count { limit.rlim_cur = rlim_t(pages * Int(sysconf(Int32(_SC_PAGESIZE))) + count) }
    guard setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { exit(3) }
}

/// Appends and commits one record of about `count` bytes.
func appendRow(_ count: Int, to writer: LogWriter) throws(StorageError) {
    var changes = Changes()
    let model = changes.add(Array("torture.Row".utf8))
    let key = changes.add(Array("1".utf8))
    let instance = changes.add([UInt8](repeating: UInt8(ascii: "x"), count: count))
    changes.list.append(
        Changes.Change(
            action: .updated, model: model,
            key: Changes.ScalarSlice(kind: .number, text: key), groups: 0..<0,
            instance: instance, views: 0..<0))
    changes.batchEnds = [1]
    _ = try writer.append(0..<1, of: &changes, producer: nil, time: 1)
    try writer.write()
    try writer.synchronize()
    writer.publish()
    say("committed", "\(writer.log.watermarks.visible)")
}

/// Fills a segment, fails to begin another, and goes on.
func runOutOfMemory(_ writer: LogWriter) throws(StorageError) {
    let large = 1 << 20
    for _ in 0..<15 { try appendRow(large, to: writer) }
    limitMemory(to: 8 << 20)
    var failure: StorageError?
    do throws(StorageError) {
        try appendRow(large, to: writer)
    } catch {
        failure = error
    }
    limitMemory(to: nil)
    say("failed", failure?.code.rawValue ?? "not at all")
    try appendRow(100, to: writer)
    try appendRow(large, to: writer)
}

func appendBatch(to writer: LogWriter, at first: Offset) throws(StorageError) -> Offset {
    var changes = batch(at: first)
    let placement = try writer.append(
        0..<changes.list.count, of: &changes, producer: nil, time: Machine.wallClock())
    return placement.last.next
}

/// Runs one of the commands whose batches are those of `TortureBatch`; returns false if it is none of them.
func runWithKnownBatches(_ arguments: [String]) throws -> Bool {
    guard ["crash", "read", "slow", "short"].contains(arguments[1]) else { return false }
    let mode = LogOptions.Acknowledgement(rawValue: arguments.dropFirst(3).first ?? "") ?? .durable
    let options = LogOptions(
        acknowledgement: mode,
        segmentByteCount: LogOptions.segmentByteCountMin * (arguments[1] == "short" ? 2 : 1),
        upkeep: Upkeep(coldAge: 0))
    let (writer, report) = try Recovery.open(LogDirectory(arguments[2]), options: options)
    say("open", "\(report.end)", writer.log.epoch.text)
    switch arguments[1] {
    case "crash":
        guard arguments.count >= 6, let first = UInt64(arguments[4]),
            let count = UInt64(arguments[5])
        else { exit(64) }
        var crash = CrashWriter(writer, mode: mode, first: first, count: count)
        crash.maintains = arguments.last != "alone"
        try crash.run()
    case "slow": try commitBesideAReader(writer, count: UInt64(arguments.last ?? "") ?? 1)
    case "short":
        guard let scarcity = Scarcity(rawValue: arguments.last ?? "") else { exit(64) }
        try runShort(of: scarcity, writer)
    default: readOnRequest(writer.log)
    }
    return true
}

func run(_ arguments: [String]) throws(StorageError) {
    let mode = LogOptions.Acknowledgement(rawValue: arguments.last ?? "") ?? .durable
    let options = LogOptions(
        acknowledgement: mode,
        segmentByteCount: arguments[1] == "memory" ? 16 << 20 : LogOptions.segmentByteCountMin)
    let limit = UInt(arguments.last ?? "")
    if arguments[1] == "open", let limit { limitFiles(to: limit) }
    let (writer, report) = try Recovery.open(LogDirectory(arguments[2]), options: options)
    say("open", "\(report.end)")
    var next = report.end
    switch arguments[1] {
    case "append":
        while true {
            // Several batches a commit, as a busy server has them.
            for _ in 0...next.rawValue % 3 { next = try appendBatch(to: writer, at: next) }
            try writer.write()
            if mode == .durable { try writer.synchronize() }
            writer.publish()
            say("\(next)")
        }
    case "memory": try runOutOfMemory(writer)
    case "fail":
        if let limit { limitFiles(to: limit) }
        do throws(StorageError) {
            while true {
                let end = try appendBatch(to: writer, at: next)
                try writer.write()
                try writer.synchronize()
                writer.publish()
                next = end
                say("committed", "\(next)")
            }
        } catch {
            say("failed", error.code.rawValue, "\(next)")
        }
        do throws(StorageError) {
            _ = try appendBatch(to: writer, at: next)
            say("appended")
        } catch {
            say("again", error.code.rawValue)
        }
        var read = Offset.zero
        while let extent = try writer.log.extent(at: read) {
            _ = try extent.segment.withRecord(at: read) { record in record.checksum }
            read = read.next
        }
        say("read", "\(read)")
    default:
        var byte: UInt8 = 0
        while read(0, &byte, 1) > 0 {}
    }
}

guard CommandLine.arguments.count > 2 else { exit(64) }
livelog_install_bus_error_handler()
do {
    if try !runWithKnownBatches(CommandLine.arguments) { try run(CommandLine.arguments) }
} catch let error as StorageError {
    say("refused", error.code.rawValue, error.description)
    exit(1)
} catch {
    say("wrong", "\(error)")
    exit(2)
}
