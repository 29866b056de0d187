import LogFormat
import LogModel
import Synchronization

/// An immutable map from hashes to offsets in a mapped file (`docs/format/run.md`).
///
/// Each partition is checked when it is first asked, once for each process.
final class RunFile: Sendable {
    let name: String
    let header: RunHeader
    private let mapping: Mapping
    /// The bytes of `mapping`, which stay as long as it does.
    nonisolated(unsafe) private let bytes: UnsafeRawBufferPointer
    /// A bit for each partition that was found right.
    private let checked: Mutex<[Bool]>

    init(_ name: String, mapping: Mapping) throws(FormatError) {
        let header = try RunHeader(reading: mapping.base.bytes)
        self.name = name
        self.header = header
        self.mapping = mapping
        self.bytes = mapping.base
        self.checked = Mutex(Array(repeating: false, count: header.partitionCount))
    }

    /// The offset of `hash`, or nil if it has none here.
    ///
    /// Throws if the partition is damaged: then nothing is known of the hash.
    func offset(of hash: UInt64) throws(FormatError) -> Offset? {
        let view = RunView(self.bytes.bytes, header: self.header)
        let partition = view.partition(of: hash)
        if !self.checked.withLock({ $0[partition] }) {
            try view.checkPartition(partition)
            self.checked.withLock { $0[partition] = true }
        }
        return view.offset(of: hash).map { Offset($0) }
    }

    /// Begins to bring near what ``offset(of:)`` looks at first.
    func expect(_ hash: UInt64) {
        let bytes = self.bytes.bytes
        bytes.expect(RunView(bytes, header: self.header).filterLine(of: hash))
    }

    /// The next entry in the order of hashes, or nil at the end.
    func entry(at cursor: inout RunCursor) throws(FormatError) -> RunEntry? {
        try cursor.next(in: RunView(self.bytes.bytes, header: self.header))
    }

    /// Names of run files.
    enum Name {
        /// The run of what was removed of each group. There is one, replaced as more is removed.
        static let removed = "removed.run"
        private static let prefix = "keys-"
        private static let suffix = ".run"

        /// The run of the last record of each key and producer between two offsets.
        static func keys(first: Offset, end: Offset) -> String {
            self.prefix + SegmentFile.digits(first) + "-" + SegmentFile.digits(end) + self.suffix
        }

        /// Whether the name is that of a run of keys.
        static func isKeys(_ name: String) -> Bool {
            name.hasPrefix(self.prefix) && name.hasSuffix(self.suffix)
        }
    }

    /// Maps the run `name` and reads its header; nil if it is not whole or belongs to another log: then what
    /// it knew is found elsewhere.
    static func open(
        _ name: String, in directory: LogDirectory, identity: LogIdentity
    ) throws(StorageError) -> RunFile? {
        let file = try directory.open(name, .read)
        let count = try file.count()
        guard count > 0 else { return nil }
        let mapping = try file.map(count: count)
        do throws(FormatError) {
            let run = try RunFile(name, mapping: mapping)
            guard run.header.identity == identity else { return nil }
            try RunView(mapping.base.bytes, header: run.header).checkTable()
            return run
        } catch {
            return nil
        }
    }
}

/// The runs of a log: for the last record of each key and producer, and for what was removed of each group.
///
/// Threads: maintenance changes it; any thread looks.
final class RunSet: Sendable {
    private struct State {
        var keys: [RunFile] = []
        var removed: RunFile?
        var floor = Offset.zero
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - keys: runs that cover different stretches of the log, ascending.
    ///   - removed: the run of what was removed.
    ///   - floor: below it anything may have been removed that `removed` does not know of.
    init(keys: [RunFile] = [], removed: RunFile? = nil, floor: Offset = .zero) {
        self.state = Mutex(State(keys: keys, removed: removed, floor: floor))
    }

    /// The runs of keys, ascending.
    var keys: [RunFile] { self.state.withLock { $0.keys } }
    /// The run of what was removed.
    var removed: RunFile? { self.state.withLock { $0.removed } }

    /// Puts `run` in the place of the runs of keys that it covers.
    func add(keys run: RunFile) {
        self.state.withLock { state in
            state.keys.removeAll {
                $0.header.first >= run.header.first && $0.header.end <= run.header.end
            }
            let place = state.keys.firstIndex { $0.header.first > run.header.first }
            state.keys.insert(run, at: place ?? state.keys.count)
        }
    }

    /// Takes away a run of keys that is damaged, or of which nothing is kept.
    func remove(keys run: RunFile) {
        self.state.withLock { state in state.keys.removeAll { $0 === run } }
    }

    /// Puts `run` in the place of the run of what was removed.
    func set(removed run: RunFile) {
        self.state.withLock { state in
            state.removed = run
            state.floor = max(state.floor, run.header.first)
        }
    }

    /// The bound below which anything may have been removed that the run of what was removed does not know of.
    var removedIsKnownFrom: Offset { self.state.withLock { $0.floor } }

    /// The first offset from which on nothing at all was ever removed, or one that is not too low.
    var floor: Offset {
        self.state.withLock { max($0.floor, $0.removed?.header.end ?? .zero) }
    }

    /// The first offset from which on nothing with this hash was ever removed.
    func firstAvailable(of hash: UInt64) -> Offset {
        let (run, floor) = self.state.withLock { ($0.removed, $0.floor) }
        guard let run else { return floor }
        do throws(FormatError) {
            if let last = try run.offset(of: hash) { return max(floor, last.next) }
            return floor
        } catch {
            // Nothing is known of it, so the answer must not be too low.
            return max(floor, run.header.end)
        }
    }
}
