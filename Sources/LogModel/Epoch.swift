/// The identity of a log's history.
///
/// It prevents one failure: a log loses its tail, appends other records under the same offsets, and a
/// reader continues in the middle of what it takes for the old history. So a log starts a new epoch
/// whenever an offset that a reader may have seen could be used again. Drawn at random.
public struct Epoch: Hashable, Sendable {
    /// The number itself, as it stands in files.
    public let rawValue: UInt64

    /// Creates the epoch with the number `rawValue`.
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The form in messages: 16 lower-case hexadecimal digits.
    public var text: String { self.rawValue.hexadecimal }
}

extension Epoch: CustomStringConvertible {
    /// The text.
    public var description: String { self.text }
}
