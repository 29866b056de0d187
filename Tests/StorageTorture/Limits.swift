import Glibc
import LogModel
import LogStorage
import TestSupport

/// What a process can run out of.
enum Scarcity: String {
    /// Descriptors.
    case files
    /// Bytes that a file may have.
    case bytes

    private var resource: __rlimit_resource_t {
        switch self {
        case .files: __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        case .bytes: __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
        }
    }

    /// Lowers the limit so that no segment can be begun, or takes it away again. The limit of bytes lies between
    /// the length of the first segment and that of the next ones.
    func impose(_ isScarce: Bool) {
        // The signal would end the process; without it the write fails.
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit()
        getrlimit(self.resource, &limit)
        limit.rlim_cur = isScarce ? (self == .files ? 3 : 70_000) : limit.rlim_max
        guard setrlimit(self.resource, &limit) == 0 else { exit(3) }
    }
}

/// Appends until a segment cannot be begun, appends what needs none, and goes on when there is enough again.
///
///     refused CODE      the batch that needed another segment
///     read END          everything up to END was read while there was not enough
///     committed END
func runShort(of scarcity: Scarcity, _ writer: LogWriter) throws {
    func commit(_ number: UInt64) throws(StorageError) {
        let batch = TortureBatch(number)
        var changes = batch.changes
        _ = try writer.append(
            0..<batch.count, of: &changes, producer: batch.producer, time: Int64(number))
        try writer.write()
        try writer.synchronize()
        writer.publish()
    }
    scarcity.impose(true)
    var number: UInt64 = 0
    var failure: StorageError?
    while failure == nil {
        do throws(StorageError) { try commit(number) } catch { failure = error }
        number += 1
    }
    for _ in 0..<3 {
        // The same batch again is refused again, or goes in where it fits: nothing else happens.
        try? commit(number)
        number += 1
    }
    say("refused", failure?.code.rawValue ?? "")
    say("read", "\(try TortureContents(of: writer.log).end)")
    scarcity.impose(false)
    for _ in 0..<40 {
        try commit(number)
        number += 1
    }
    say("committed", "\(try TortureContents(of: writer.log).end)")
}
