import Glibc

/// Waits until something in a directory is written to. It may also end without a reason.
struct DirectoryWatch: ~Copyable {
    private static let eventByteCount = 64 << 10
    private let descriptor: CInt

    /// Watches the files of the directory at `path`.
    init(_ path: String) {
        self.descriptor = inotify_init1(CInt(IN_CLOEXEC))
        _ = inotify_add_watch(
            self.descriptor, path, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO))
    }

    deinit { close(self.descriptor) }

    /// Waits, at most a second and at least a tenth of one, so that a writer that never rests does not keep whoever
    /// watches busy.
    func wait() {
        _ = Glibc.poll(nil, 0, 100)
        var poll = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, 1000) > 0 else { return }
        var events = [UInt8](repeating: 0, count: Self.eventByteCount)
        // Raw memory: filled by the system within the call.
        _ = events.withUnsafeMutableBytes { read(self.descriptor, $0.baseAddress, $0.count) }
    }
}
