/// Some consecutive changes of an input, one a line, that are published together.
public struct Batch: Hashable, Sendable {
    /// The changes as NDJSON: each line ends with a line feed, and none is blank.
    public internal(set) var body: [UInt8] = []
    /// Where each change stood in the input: its line, counted from 1. Never empty in a finished batch.
    public internal(set) var lineNumbers: [Int] = []
    /// The number of the batch's last change in the input, counted from 1 and without blank lines.
    public internal(set) var lastChange: UInt64 = 0
    /// How many bytes of the input have been read up to the batch's end.
    public internal(set) var inputBytes = 0
    /// A digest of this batch and all before it; see ``BatchBuilder``.
    public internal(set) var key = ""

    /// How many changes there are.
    public var count: Int { self.lineNumbers.count }

    /// The line in the input of the change in line `line` of ``body``, counted from 1.
    public func inputLine(ofBodyLine line: Int) -> Int? {
        self.lineNumbers.indices.contains(line - 1) ? self.lineNumbers[line - 1] : nil
    }
}
