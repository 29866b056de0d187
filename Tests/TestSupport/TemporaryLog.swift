import Glibc
package import LogModel
package import LogStorage

private func makeTemporaryDirectory(inMemory: Bool) throws(StorageError) -> String {
    let memory = "/dev/shm"
    let parent = inMemory && access(memory, W_OK) == 0 ? memory : "/tmp"
    var template = Array("\(parent)/livelog-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
        throw StorageError(.io, "mkdtemp failed with \(errno)", path: parent)
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private func removeTemporaryDirectory(_ path: String) {
    if let stream = opendir(path) {
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { unlink(path + "/" + name) }
        }
        closedir(stream)
    }
    rmdir(path)
}

/// Runs `body` with the path of an empty directory, and removes the directory and the files in it.
///
/// - Parameter inMemory: put it where a sync costs nothing, if there is such a place: for tests of many
///   logs whose subject is not the disk.
package func withTemporaryDirectory<Result>(
    inMemory: Bool = false, _ body: (String) throws -> Result
) throws -> Result {
    let path = try makeTemporaryDirectory(inMemory: inMemory)
    defer { removeTemporaryDirectory(path) }
    return try body(path)
}

/// Like ``withTemporaryDirectory(inMemory:_:)``, for a body that waits.
package func withTemporaryDirectory<Result>(
    inMemory: Bool = false, _ body: (String) async throws -> Result
) async throws -> Result {
    let path = try makeTemporaryDirectory(inMemory: inMemory)
    defer { removeTemporaryDirectory(path) }
    return try await body(path)
}

/// Runs `body` with the writer of an empty log in a temporary directory, which is removed afterwards.
package func withTemporaryLog<Result>(
    _ options: LogOptions = .small, inMemory: Bool = true, _ body: (LogWriter) throws -> Result
) throws -> Result {
    try withTemporaryDirectory(inMemory: inMemory) { path in
        let writer = try Recovery.open(LogDirectory(path), options: options).writer
        return try withExtendedLifetime(writer) { try body(writer) }
    }
}

extension LogOptions {
    /// The smallest segments.
    package static var small: LogOptions {
        LogOptions(segmentByteCount: LogOptions.segmentByteCountMin)
    }
}

extension LogWriter {
    /// Appends all batches of `changes`, and shows them to readers. Returns the offset after the last one.
    @discardableResult
    package func commit(_ changes: Changes, time: Int64 = 0) throws(StorageError) -> Offset {
        var changes = changes
        var start = 0
        for end in changes.batchEnds {
            _ = try self.append(start..<end, of: &changes, producer: nil, time: time)
            start = end
        }
        try self.write()
        try self.synchronize()
        self.publish()
        return self.log.watermarks.visible
    }
}
