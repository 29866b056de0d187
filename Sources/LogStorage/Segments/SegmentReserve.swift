import LogModel
import Synchronization

/// The file of the next segment, reserved ahead of need so that the appender does not wait for it.
///
/// Threads: maintenance prepares, the appender takes; a mutex keeps them apart, held for as long as the file
/// system takes to reserve a file.
final class SegmentReserve: Sendable {
    /// The file's name until it is a segment; a crash leaves it, and the next opening removes it.
    static let name = "next.segment" + LogDirectory.temporarySuffix

    private enum State {
        case empty
        case ready(any DiskFile, byteCount: Int)
        case taken
    }

    private let directory: LogDirectory
    private let state = Mutex(State.empty)

    init(_ directory: LogDirectory) {
        self.directory = directory
    }

    /// Reserves a file of `byteCount` bytes, unless there is one. Returns whether it did.
    func prepare(_ byteCount: Int) throws(StorageError) -> Bool {
        let result = self.state.withLock { state -> Result<Bool, StorageError> in
            guard case .empty = state else { return .success(false) }
            do throws(StorageError) {
                state = .ready(try self.create(byteCount), byteCount: byteCount)
                return .success(true)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Gives away a file of `byteCount` bytes, reserved now if it was not before. It keeps its name until
    /// ``finish(isUsed:)``.
    ///
    /// Throws `diskFull` if the space cannot be reserved; then nothing changed.
    func take(_ byteCount: Int) throws(StorageError) -> any DiskFile {
        let result = self.state.withLock { state -> Result<any DiskFile, StorageError> in
            if case .ready(let file, byteCount) = state {
                state = .taken
                return .success(file)
            }
            do throws(StorageError) {
                let file = try self.create(byteCount)
                state = .taken
                return .success(file)
            } catch {
                state = .empty
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Ends what ``take(_:)`` began: the file has another name now, or is to be removed.
    func finish(isUsed: Bool) {
        self.state.withLock { state in
            // A leftover is removed before the next file is made.
            if !isUsed { try? self.directory.remove(Self.name) }
            state = .empty
        }
    }

    private func create(_ byteCount: Int) throws(StorageError) -> any DiskFile {
        if self.directory.has(Self.name) { try self.directory.remove(Self.name) }
        let file = try self.directory.open(Self.name, .create)
        do throws(StorageError) {
            try file.reserve(byteCount)
        } catch {
            try? self.directory.remove(Self.name)
            throw error
        }
        return file
    }
}
