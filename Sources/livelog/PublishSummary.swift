import LivelogClient

/// What a run of `livelog publish` has done so far.
struct PublishSummary {
    /// The changes that are in the log, whether this run put them there or an earlier one.
    private(set) var count = 0
    /// The changes among them that were there already.
    private(set) var repeated = 0
    /// How many bytes of the input they were.
    private(set) var inputBytes = 0
    /// The receipts of the batches at either end, for each epoch: there are several only if the server
    /// lost its log in the middle.
    private var ranges: [(first: Receipt, last: Receipt)] = []

    /// Adds a batch that the server has acknowledged.
    mutating func add(_ batch: Batch, _ receipt: Receipt) {
        self.count += batch.count
        if receipt.isRepeated { self.repeated += batch.count }
        self.inputBytes = batch.inputBytes
        if let range = self.ranges.last, range.first.epoch == receipt.epoch {
            self.ranges[self.ranges.count - 1].last = receipt
        } else {
            self.ranges.append((receipt, receipt))
        }
    }

    /// One line for people.
    var text: String {
        if self.ranges.isEmpty { return "published 0 changes" }
        let changes = self.count == 1 ? "1 change" : "\(self.count) changes"
        let offsets = self.ranges.map { first, last in
            let durability = last.isDurable ? "durable" : "written"
            let range = "offsets \(first.first) to \(last.last)"
            return "\(range) (epoch \(last.epoch), \(durability))"
        }
        var line = "published \(changes): \(offsets.joined(separator: ", "))"
        if self.repeated > 0 { line += "; \(self.repeated) of them were there already" }
        return line
    }

    /// One JSON object, with the offsets in the latest epoch. What a receipt says is null if there was
    /// nothing to publish.
    func json(took duration: Duration) -> String {
        let milliseconds = Int((duration / .milliseconds(1)).rounded())
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        let range = self.ranges.last
        let members = [
            ("epoch", range.map { "\"\($0.last.epoch)\"" }),
            ("first", range.map { String($0.first.first) }),
            ("last", range.map { String($0.last.last) }),
            ("count", String(self.count)),
            ("repeated", String(self.repeated)),
            ("durable", range.map { String($0.last.isDurable) }),
            ("seconds", "\(milliseconds / 1000).\(fraction)"),
        ]
        return "{" + members.map { "\"\($0.0)\":\($0.1 ?? "null")" }.joined(separator: ",") + "}"
    }
}
