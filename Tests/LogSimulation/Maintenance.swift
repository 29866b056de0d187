package import LogStorage
package import TestSupport

/// Background work on a log, of which the simulation runs a step now and then.
///
/// One is made at each opening and dropped as the process ends, at any step of the disk.
package protocol SimulatedMaintenance {
    /// What the trace calls it.
    var name: String { get }

    /// Takes one step on the simulation's thread.
    ///
    /// Before records can go it tells the oracle which, with ``Oracle/mayRemove(_:)``. An error is judged like
    /// one of the writer: `io` and `poisoned` need a fault, `diskFull` a full disk, others are violations.
    func step(
        oracle: inout Oracle, random: inout SeededGenerator
    ) throws(StorageError)
}

/// Makes the maintenance of a log that was opened just now.
package typealias MakeMaintenance = @Sendable (LogWriter, LogDirectory) -> any SimulatedMaintenance
