import ArgumentParser
import LogStorage

/// What `livelog serve` does to old segments, as options.
struct UpkeepOptions: ParsableArguments {
    @Option(help: "Compress segments that are so old, for instance 90s, 30m, 12h or 7d; or never.")
    var coldAfter = Age(microseconds: Upkeep().coldAge)

    @Option(help: "Remove segments that are so old; or never.")
    var retain = Age(microseconds: nil)

    @Option(help: "Remove the oldest segments when the log has more bytes, for instance 50GiB.")
    var retainBytes: ByteCount?

    @Option(
        help: "Keep only the latest record of each instance in segments that are so old; or never.")
    var compactAfter = Age(microseconds: nil)

    @Option(help: "For how long compaction keeps the last record of a deleted instance.")
    var tombstones = Age(microseconds: Upkeep().tombstoneAge)

    /// The options as the log wants them.
    var upkeep: Upkeep {
        Upkeep(
            coldAge: self.coldAfter.microseconds, retainAge: self.retain.microseconds,
            retainByteCount: self.retainBytes?.count, compactAge: self.compactAfter.microseconds,
            tombstoneAge: self.tombstones.microseconds ?? .max)
    }
}

/// A stretch of time: a whole number and s, m, h or d; or `never`.
struct Age: ExpressibleByArgument {
    /// Nil means never.
    let microseconds: Int64?

    init(microseconds: Int64?) {
        self.microseconds = microseconds
    }

    init?(argument: String) {
        if argument == "never" {
            self.microseconds = nil
            return
        }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }),
            let number = Int64(argument.dropLast()), number >= 0
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit * 1_000_000)
        guard !overflow else { return nil }
        self.microseconds = product
    }

    var defaultValueDescription: String {
        guard let microseconds else { return "never" }
        let seconds = microseconds / 1_000_000
        for (unit, name) in [(86_400, "d"), (3600, "h"), (60, "m")] as [(Int64, String)]
        where seconds > 0 && seconds % unit == 0 {
            return "\(seconds / unit)\(name)"
        }
        return "\(seconds)s"
    }
}

/// A number of bytes: a whole number, and KiB, MiB, GiB or TiB if it likes.
struct ByteCount: ExpressibleByArgument {
    let count: Int

    init?(argument: String) {
        let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]
        let unit = units.first { argument.hasSuffix($0.0) }
        guard let number = Int(argument.dropLast(unit?.0.count ?? 0)), number >= 0,
            number <= Int.max >> (unit?.1 ?? 0)
        else { return nil }
        self.count = number << (unit?.1 ?? 0)
    }
}
