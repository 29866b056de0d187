import Foundation
import LogModel
import LogStorage

/// How `storage-torture` is started.
enum Torture {
    static let program = URL(filePath: CommandLine.arguments[0])
        .deletingLastPathComponent().appending(path: "storage-torture").path

    /// The command that appends the batches from `first` on, `count` of them, or for ever if that is 0; and
    /// seals and compresses segments on the way, unless it is to do nothing but append.
    static func crash(
        _ directory: String, _ mode: LogOptions.Acknowledgement, first: UInt64, count: UInt64 = 0,
        maintains: Bool = true
    ) -> [String] {
        [self.program, "crash", directory, mode.rawValue, "\(first)", "\(count)"]
            + (maintains ? [] : ["alone"])
    }

    /// The command `name` on a log.
    static func command(_ name: String, _ directory: String, _ more: String...) -> [String] {
        [self.program, name, directory] + more
    }

    static func options(_ mode: LogOptions.Acknowledgement) -> LogOptions {
        LogOptions(acknowledgement: mode, segmentByteCount: LogOptions.segmentByteCountMin)
    }
}

extension [String] {
    /// The command under `strace`, which does `fault` to the system call `call`: `signal=KILL:when=3` kills
    /// it before the third one, `error=EIO:when=3+` makes that and all later ones fail.
    func tampered(_ call: String, _ fault: String) -> [String] {
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)"]
            + ["-e", "inject=\(call):\(fault)"] + self
    }

    /// The command in a machine that looks as if it had been started at another time.
    func inAnotherBoot(_ scratch: Scratch) throws -> [String] {
        let file = scratch.file("boot_id")
        try "11111111-2222-4333-8444-555555555555\n".write(
            toFile: file, atomically: false, encoding: .utf8)
        let script = "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\""
        return ["unshare", "--mount", "sh", "-c", script, file] + self
    }
}
