import LivelogClient

/// What a run of `livelog publish` has done so far.
struct PublishSummary {
    /// The changes that are in the log, whether this run put them there or an earlier one.
    private(set) var count = 0
    /// The changes among them that were there already.
    private(set) var repeated = 0
    /// How many bytes of the input they were.
    private(set) var inputBytes = 0
    private var first: UInt64?
    private var last: Receipt?

    /// Adds a batch that the server has acknowledged.
    mutating func add(_ batch: Batch, _ receipt: Receipt) {
        self.count += batch.count
        if receipt.isRepeated { self.repeated += batch.count }
        self.inputBytes = batch.inputBytes
        if self.first == nil { self.first = receipt.first }
        self.last = receipt
    }

    /// One line for people.
    var text: String {
        guard let first, let last else { return "published 0 changes" }
        let changes = self.count == 1 ? "1 change" : "\(self.count) changes"
        let durability = last.isDurable ? "durable" : "written"
        var line = "published \(changes): offsets \(first) to \(last.last)"
        line += " (epoch \(last.epoch), \(durability))"
        if self.repeated > 0 { line += "; \(self.repeated) of them were there already" }
        return line
    }

    /// One JSON object. The epoch's and the offsets' members are null if there was nothing to publish.
    func json(took duration: Duration) -> String {
        let milliseconds = Int((duration / .milliseconds(1)).rounded())
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        let members = [
            ("epoch", self.last.map { "\"\($0.epoch)\"" }),
            ("first", self.first.map(String.init)),
            ("last", self.last.map { String($0.last) }),
            ("count", String(self.count)),
            ("repeated", String(self.repeated)),
            ("durable", self.last.map { String($0.isDurable) }),
            ("seconds", "\(milliseconds / 1000).\(fraction)"),
        ]
        return "{" + members.map { "\"\($0.0)\":\($0.1 ?? "null")" }.joined(separator: ",") + "}"
    }
}
