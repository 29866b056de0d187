import Glibc

/// Clocks of the machine, in nanoseconds.
enum Meter {
    /// Time as it passes.
    static var wall: Double { self.read(CLOCK_MONOTONIC) }
    /// Processor time, of user and system, of this thread.
    static var thread: Double { self.read(CLOCK_THREAD_CPUTIME_ID) }
    /// Processor time, of user and system, of all threads.
    static var process: Double { self.read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Double {
        var now = timespec()
        clock_gettime(clock, &now)
        return Double(now.tv_sec) * 1e9 + Double(now.tv_nsec)
    }

    /// Mebibytes of memory of the process's own: not pages of files, which the system can take back.
    static var ownMemory: Double {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
            guard text.hasPrefix("RssAnon:") else { continue }
            let digits = text.filter { $0.isNumber }
            return (Double(digits) ?? 0) / 1024
        }
        return 0
    }
}

/// What a scenario found, as names and numbers.
struct Findings {
    private var items: [(String, Double)] = []

    subscript(name: String) -> Double {
        get { self.items.first { $0.0 == name }?.1 ?? 0 }
        set { self.items.append((name, newValue)) }
    }

    /// One line of JSON.
    var json: String {
        "{" + self.items.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}
