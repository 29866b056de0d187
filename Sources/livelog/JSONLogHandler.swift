import LogStorage
import Logging
import WireProtocol

/// Writes the program's log as one JSON object a line, for those who collect logs by machine.
///
///     {"time":"2026-11-23T10:00:00.123456Z","level":"notice","label":"livelog","message":"…","offset":"12"}
///
/// The fields of a message stand beside `message`; one that is named like a member of every line, `time` and so
/// on, gets an underscore before it.
struct JSONLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let write: @Sendable (String) -> Void
    private let clock: @Sendable () -> Int64

    private static let ownNames: Set<String> = ["time", "level", "label", "message"]

    /// - Parameters:
    ///   - write: takes whole lines with their ends; from any thread.
    ///   - clock: microseconds since 1970.
    init(
        label: String, write: @escaping @Sendable (String) -> Void,
        clock: @escaping @Sendable () -> Int64 = { Machine.wallClock() }
    ) {
        self.label = label
        self.write = write
        self.clock = clock
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line: [UInt8] = []
        Self.append("time", timeText(self.clock()), to: &line)
        Self.append("level", event.level.rawValue, to: &line)
        Self.append("label", self.label, to: &line)
        Self.append("message", event.message.description, to: &line)
        var fields = self.metadata
        fields.merge(self.metadataProvider?.get() ?? [:]) { $1 }
        fields.merge(event.metadata ?? [:]) { $1 }
        if let error = event.error { fields["error"] = "\(error)" }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            Self.append(Self.ownNames.contains(name) ? "_" + name : name, "\(value)", to: &line)
        }
        line.append(contentsOf: "}\n".utf8)
        self.write(String(decoding: line, as: UTF8.self))
    }

    private static func append(_ name: String, _ value: String, to line: inout [UInt8]) {
        line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        JSONText.append(string: name, to: &line)
        line.append(UInt8(ascii: ":"))
        JSONText.append(string: value, to: &line)
    }
}
