import LogFormat
import LogModel

/// Compresses and compacts a log that no server works on.
package struct OfflineCompaction {
    private let directory: LogDirectory
    private let keepsOriginals: Bool
    /// The files that were replaced, if they are kept.
    package private(set) var aside: AsideFolder

    /// Prepares to compact the log in `directory`.
    ///
    /// - Parameter keepsOriginals: whether the files that are replaced stay in the folder `aside`.
    package init(_ directory: LogDirectory, keepsOriginals: Bool) {
        self.directory = directory
        self.keepsOriginals = keepsOriginals
        self.aside = AsideFolder(directory)
    }

    /// Does all that `options` say at the time `now`, in microseconds since 1970. `progress` is told of each step.
    ///
    /// Throws `locked` while a server works on the log; `corrupt`, `diskFull` or `io`, and then the log is as it was
    /// after the last step.
    package mutating func run(
        options: LogOptions, now: Int64, progress: (Maintenance.Step) -> Void
    ) throws(StorageError) {
        let writer = try Recovery.open(self.directory, options: options).writer
        if self.keepsOriginals {
            for (segment, _) in writer.maintenance.sealed {
                try self.aside.keep(SegmentFile.name(base: segment.base))
                try self.aside.keep(ColdFile.name(base: segment.base))
            }
        }
        while let step = try writer.maintenance.step(now: now) { progress(step) }
        try writer.close()
    }
}
