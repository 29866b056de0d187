import Glibc

/// Where figures were measured: they say nothing without it.
package struct MachineFacts: Encodable, Sendable {
    /// The processor's name.
    package var processor: String
    /// Logical processors.
    package var cores: Int
    /// Bytes of memory.
    package var memoryBytes: Int
    /// The kernel's release.
    package var kernel: String
    /// Processes that ran or waited to, in the minute before.
    package var loadAverage: Double

    /// This machine, now.
    package static var current: Self {
        let processor = SystemFile.text("/proc/cpuinfo").flatMap {
            SystemFile.value(of: "model name", in: $0)
        }
        let memory = SystemFile.text("/proc/meminfo").map {
            SystemFile.number(after: "MemTotal:", in: $0) * 1024
        }
        let kernel = SystemFile.text("/proc/sys/kernel/osrelease")?.split(separator: "\n").first
        let load = SystemFile.text("/proc/loadavg")?.split(separator: " ").first
        return Self(
            processor: processor ?? "unknown", cores: sysconf(CInt(_SC_NPROCESSORS_ONLN)),
            memoryBytes: memory ?? 0,
            kernel: kernel.map(String.init) ?? "unknown",
            loadAverage: load.flatMap { Double($0) } ?? 0)
    }
}
