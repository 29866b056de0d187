/// What makes a repeated batch recognisable: a server appends each identity's batch once, and answers a
/// repetition with the first receipt.
public enum BatchIdentity: Hashable, Sendable {
    /// A key that no other batch has: 1 to 255 visible ASCII characters.
    case key(String)
    /// A producer's name, of 1 to 128 visible ASCII characters, and a number that rises from batch to
    /// batch of that producer.
    case producer(String, sequence: UInt64)

    /// A key that was never used: for a batch that is only ever repeated by the client itself.
    public static func unique() -> BatchIdentity {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return .key("livelog-unique:\(DigestChain.hexadecimal(bytes))")
    }

    /// The HTTP headers that say it.
    package var headers: [(name: String, value: String)] {
        switch self {
        case .key(let key):
            [("Idempotency-Key", key)]
        case .producer(let name, let sequence):
            [("Livelog-Producer", name), ("Livelog-Sequence", String(sequence))]
        }
    }

    /// Checks the characters and the length.
    package func validate() throws(ClientError) {
        let (what, text, most) =
            switch self {
            case .key(let key): ("an idempotency key", key, 255)
            case .producer(let name, _): ("a producer's name", name, 128)
            }
        guard 1...most ~= text.utf8.count, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw ClientError(
                .invalidArgument, "\(what) is 1 to \(most) visible ASCII characters without blanks")
        }
    }
}
