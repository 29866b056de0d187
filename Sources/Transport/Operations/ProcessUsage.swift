import Glibc

/// What the process takes of the machine.
struct ProcessUsage: Hashable, Sendable {
    /// Bytes of memory that are resident, mapped files among them.
    var residentByteCount = 0
    /// Bytes of those that no file backs: the heap and stacks.
    var anonymousByteCount = 0
    /// Seconds of processor time, of all threads, in user and system mode.
    var processorSeconds = 0.0
    /// Files and sockets that are open.
    var openFileCount = 0
    /// Files and sockets that may be open.
    var openFilesMax = 0

    /// Asks the system. Reads a few lines from `/proc/self`, and its list of open files.
    static func current() -> ProcessUsage {
        var usage = ProcessUsage()
        let pages = Self.read("/proc/self/statm").split(separator: " ").compactMap { Int($0) }
        let pageByteCount = sysconf(Int32(_SC_PAGESIZE))
        if pages.count > 2 {
            usage.residentByteCount = pages[1] * pageByteCount
            usage.anonymousByteCount = (pages[1] - pages[2]) * pageByteCount
        }
        var resources = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &resources) == 0 {
            usage.processorSeconds =
                Self.seconds(resources.ru_utime) + Self.seconds(resources.ru_stime)
        }
        usage.openFileCount = Self.openFileCount()
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            usage.openFilesMax = Int(clamping: limit.rlim_cur)
        }
        return usage
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }

    /// The start of a small file, or nothing if it cannot be read.
    private static func read(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    private static func openFileCount() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        // Not counted: the two names of directories, and the one that is open to count.
        var count = -3
        while readdir(directory) != nil { count += 1 }
        return max(count, 0)
    }
}
