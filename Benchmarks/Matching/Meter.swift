import Glibc

/// What the machine says.
enum Meter {
    /// Processor time, of user and system, of this thread, in nanoseconds.
    static var thread: Double {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return Double(now.tv_sec) * 1e9 + Double(now.tv_nsec)
    }

    /// Bytes of memory of the process's own.
    static var ownMemory: Double {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
            guard text.hasPrefix("RssAnon:") else { continue }
            return (Double(text.filter { $0.isNumber }) ?? 0) * 1024
        }
        return 0
    }

    /// The processor time of `body`, divided by `count`, in nanoseconds.
    static func time(of count: Int, _ body: () -> Void) -> Double {
        let began = self.thread
        body()
        return (self.thread - began) / Double(count)
    }
}

extension [Double] {
    /// The middle one in order of size; of none 0.
    var median: Double { self.isEmpty ? 0 : self.sorted()[self.count / 2] }
}

/// What a scenario found, as names and numbers.
struct Findings {
    private var items: [(String, Double)] = []

    mutating func add(_ name: String, _ value: Double) {
        self.items.append((name, value))
    }

    /// One line of JSON.
    var json: String {
        "{" + self.items.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}

/// Ends the process with a message.
func stop(_ message: String, _ code: Int32) -> Never {
    let line = Array((message + "\n").utf8)
    write(2, line, line.count)
    exit(code)
}
