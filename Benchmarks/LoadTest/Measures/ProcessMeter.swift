import Glibc

/// Reads what processes have used, from the system.
struct ProcessMeter {
    /// What a process holds of memory, in bytes.
    struct Memory {
        /// All that is resident, with pages of files.
        var resident = 0
        /// What is its own.
        var own = 0
    }

    /// This process.
    static var own: Self { Self(processes: [getpid()]) }

    /// The processes whose use is summed up.
    let processes: [Int32]

    /// Processor seconds of all threads until now, to the nanosecond.
    ///
    /// - Throws: ``LoadError/Code/noServer`` if a process is gone.
    func processorSeconds() throws(LoadError) -> Double {
        var seconds = 0.0
        for process in self.processes {
            var clock = clockid_t()
            var time = timespec()
            guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0 else {
                throw Self.gone(process)
            }
            seconds += Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        return seconds
    }

    /// Memory that the processes hold now.
    ///
    /// - Throws: ``LoadError/Code/noServer`` if a process is gone.
    func memory() throws(LoadError) -> Memory {
        var memory = Memory()
        for process in self.processes {
            guard let status = SystemFile.text("/proc/\(process)/status") else {
                throw Self.gone(process)
            }
            memory.resident += SystemFile.number(after: "VmRSS:", in: status) * 1024
            memory.own += SystemFile.number(after: "RssAnon:", in: status) * 1024
        }
        return memory
    }

    private static func gone(_ process: Int32) -> LoadError {
        LoadError(.noServer, "the server (process \(process)) is gone")
    }
}

/// The system's files that tell about processes and the machine.
enum SystemFile {
    /// A file's text; `nil` if there is none.
    static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    /// The number after the first `name`; 0 if there is none.
    static func number(after name: String, in text: String) -> Int {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return Int(
                line.dropFirst(name.count).split(separator: " ", omittingEmptySubsequences: true)
                    .first { $0.contains(where: \.isNumber) }?.filter(\.isNumber) ?? "") ?? 0
        }
        return 0
    }

    /// What follows `name` and a colon in its first line; `nil` if there is none.
    static func value(of name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
        }
        return nil
    }
}
