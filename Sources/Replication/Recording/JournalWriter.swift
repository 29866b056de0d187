import LogFormat
package import LogStorage

/// Writes the files of a journal of sessions: a new one when the server starts, and whenever one is full; the oldest go.
///
/// Nothing is synced: what the journal is for can do without the last moments before a crash.
package struct JournalWriter {
    private let directory: String
    private let disk = SystemDisk()
    private let limits: SessionRecorder.Limits
    private let log: ChangeLog
    private let run: UInt64
    private let clock: @Sendable () -> Int64
    private var file: any DiskFile
    private var number: UInt64
    private var position = 0

    /// Begins the next file in `directory`.
    ///
    /// - Parameters:
    ///   - log: the log there.
    ///   - clock: microseconds since 1970.
    package init(
        directory: String, of log: ChangeLog, limits: SessionRecorder.Limits,
        clock: @escaping @Sendable () -> Int64
    ) throws(StorageError) {
        self.directory = directory
        self.limits = limits
        self.log = log
        self.clock = clock
        self.run = self.disk.randomNumber()
        let last = try Self.numbers(in: directory, on: self.disk).last ?? 0
        self.number = last + 1
        self.file = try Self.create(self.number, in: directory, on: self.disk)
        try self.begin()
    }

    private static func numbers(
        in directory: String, on disk: SystemDisk
    ) throws(StorageError) -> [UInt64] {
        try disk.names(in: directory).compactMap { SessionJournalName.number(inName: $0) }.sorted()
    }

    private static func create(
        _ number: UInt64, in directory: String, on disk: SystemDisk
    ) throws(StorageError) -> any DiskFile {
        try disk.open(directory + "/" + SessionJournalName.name(of: number), .create)
    }

    /// Writes the first line of the file at hand, and removes files that are too many.
    private mutating func begin() throws(StorageError) {
        self.position = 0
        let header = JournalHeader(
            log: self.log.identity.text, run: self.run, file: self.number, time: self.clock(),
            end: self.log.watermarks.visible)
        try self.write(JournalLine.header(header).bytes)
        let numbers = try Self.numbers(in: self.directory, on: self.disk)
        for number in numbers.dropLast(self.limits.filesMax) {
            try self.disk.remove(self.directory + "/" + SessionJournalName.name(of: number))
        }
    }

    /// Writes the line of an entry, and begins a file before it if the last one is full.
    ///
    /// Returns false if the line would be too long.
    package mutating func write(_ entry: SessionEntry) throws(StorageError) -> Bool {
        let line = JournalLine.entry(entry).bytes
        guard line.count <= self.limits.lineByteCountMax else { return false }
        try self.makeRoom()
        try self.write(line)
        return true
    }

    /// Writes that entries were lost.
    package mutating func writeLost(
        _ count: UInt64, _ sessions: Set<UInt64>
    ) throws(StorageError) {
        try self.makeRoom()
        try self.write(JournalLine.lost(count: count, sessions: sessions.sorted()).bytes)
    }

    private mutating func makeRoom() throws(StorageError) {
        guard self.position >= self.limits.fileByteCountMax else { return }
        let next = try Self.create(self.number + 1, in: self.directory, on: self.disk)
        self.number += 1
        self.file = next
        try self.begin()
    }

    private mutating func write(_ line: [UInt8]) throws(StorageError) {
        try self.file.write(line.span.bytes, at: self.position)
        self.position += line.count
    }
}
