import Glibc
import LogStorage

/// Ends the process with a message.
func stop(_ message: String, _ code: Int32) -> Never {
    let line = Array((message + "\n").utf8)
    write(2, line, line.count)
    exit(code)
}

/// What the scenario is to do: `SCENARIO DIRECTORY [NAME=NUMBER]...`.
struct Command {
    let scenario: String
    let directory: String
    /// How the log is kept: nothing becomes cold unless the scenario says so.
    var options: LogOptions {
        LogOptions(
            segmentByteCount: self.number("segment", 64 << 20), upkeep: Upkeep(coldAge: nil))
    }
    private var numbers: [String: Int] = [:]

    init(_ arguments: [String]) {
        guard arguments.count > 2 else {
            stop("usage: storage-bench SCENARIO DIRECTORY [NAME=NUMBER]...", 64)
        }
        self.scenario = arguments[1]
        self.directory = arguments[2]
        for argument in arguments.dropFirst(3) {
            let parts = argument.split(separator: "=")
            guard parts.count == 2, let number = Int(parts[1]) else {
                stop("not NAME=NUMBER: \(argument)", 64)
            }
            self.numbers[String(parts[0])] = number
        }
    }

    /// The number called `name`, or `other` if it was not given.
    func number(_ name: String, _ other: Int) -> Int { self.numbers[name] ?? other }
}
