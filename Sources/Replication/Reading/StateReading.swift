package import LogModel
package import LogStorage
import Matching
import Synchronization
package import WireProtocol

/// The set of instances that a filter wants at some place of the log, or the net changes since another one, as the
/// body of one response. Made in steps, between which other readers have their turn.
///
/// Threads: one after the other.
package final class StateReading: Sendable {
    /// What an answer may be.
    package struct Limits: Hashable, Sendable {
        /// Instances of one answer. Default 10,000.
        package var instancesMax = 10_000
        /// Bytes of one answer. Default 16 MiB.
        package var byteCountMax = 16 << 20
        /// Records that one step looks at. Default 16,384.
        package var postingsMax = 16384

        /// Creates the default limits.
        package init() {}
    }

    /// The place that it describes: what follows begins there.
    package let end: Offset
    private let log: ChangeLog
    private let limits: Limits
    private let net: Mutex<NetChanges>

    /// Prepares to read what the records `start ..< end` amount to; from 0 that is the set itself.
    init(
        of predicate: Predicate, in log: ChangeLog, from start: Offset, to end: Offset,
        limits: Limits, by decisions: DecisionCache
    ) {
        self.log = log
        self.limits = limits
        self.end = end
        self.net = Mutex(
            NetChanges(of: predicate, in: log, from: start, to: end, by: decisions))
    }

    /// Prepares to read the instances that `filter` wants at `place`.
    ///
    /// Throws a problem if there is no such place, or the filter is not allowed.
    package convenience init(
        of filter: Filter, at place: ModelsQuery.Place, in log: ChangeLog, allowsScans: Bool,
        limits: Limits, by decisions: DecisionCache = DecisionCache()
    ) throws(Problem) {
        self.init(
            of: try Predicate(reading: filter, in: log, allowsScans: allowsScans), in: log,
            from: .zero, to: try log.offset(of: place) ?? log.watermarks.visible,
            limits: limits, by: decisions)
    }

    /// What has to be decided before another step is of use; empty if nothing has.
    package var undecided: [RecordQuestion] { self.net.withLock { $0.undecided } }

    /// Does some more; true when all is read. If it is not, ``undecided`` may say what it waits for.
    ///
    /// Throws a problem: 410 if too much was removed, 413 if there are too many instances.
    package func step() throws(Problem) -> Bool {
        let limits = self.limits
        let (isDone, count) = try self.reading { net throws(StorageError) in
            (try net.step(postingsMax: limits.postingsMax), net.instanceCount)
        }
        guard count <= limits.instancesMax else {
            throw Self.tooLarge("more than \(limits.instancesMax) instances")
        }
        return isDone
    }

    /// The JSON of the records, joined by commas, when all is read; the token with which their reader goes on; and
    /// whether retention took some of them.
    package func result() throws(Problem) -> (
        records: [UInt8], token: ResumeToken, isPartial: Bool
    ) {
        let most = self.limits.byteCountMax
        let (records, isPartial) = try self.reading { net throws(StorageError) in
            var renderer = RecordRenderer()
            var records: [UInt8] = []
            for entry in try net.entries() {
                if !records.isEmpty { records.append(UInt8(ascii: ",")) }
                try net.append(
                    CollectionOfOne(entry), separatedBy: UInt8(ascii: ","), by: &renderer,
                    to: &records)
                if records.count > most { break }
            }
            return (records, net.isPartial)
        }
        guard records.count <= most else { throw Self.tooLarge("more than \(most) bytes") }
        do throws(StorageError) {
            return (records, try self.log.token(at: self.end), isPartial)
        } catch {
            throw Problem(reading: error)
        }
    }

    private func reading<Result: Sendable>(
        _ body: (inout NetChanges) throws(StorageError) -> sending Result
    ) throws(Problem) -> Result {
        let result = self.net.withLock { net -> Swift.Result<Result, StorageError> in
            do throws(StorageError) {
                return .success(try body(&net))
            } catch {
                return .failure(error)
            }
        }
        do throws(StorageError) {
            return try result.get()
        } catch {
            throw Problem(reading: error)
        }
    }

    private static func tooLarge(_ what: String) -> Problem {
        Problem(
            status: 413, code: ResetReason.snapshotTooLarge.rawValue, title: "Too large",
            detail:
                "there are \(what): ask for a smaller group, or read /v1/changes with from=snapshot as "
                + "application/x-ndjson, which has no such bound")
    }
}
