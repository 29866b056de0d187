import LogFormat
package import LogModel
import LogStorage

/// What a subscription was sent, as a chain of SHA-256 over its frames: each digest is of the one before and the frame.
package struct SubscriptionDigest: Hashable, Sendable {
    /// The chain after some of the frames.
    package struct Mark: Hashable, Sendable {
        /// How many frames.
        package let frames: Int
        /// The offset below which they tell everything.
        package let end: Offset
        /// The digest, as hexadecimal digits.
        package let digest: String

        /// Creates a mark.
        package init(frames: Int, end: Offset, digest: String) {
            self.frames = frames
            self.end = end
            self.digest = digest
        }
    }

    /// The most marks that are kept; with more every second one goes.
    private static let marksMax = 64

    /// The session, as its name's text.
    package let session: String
    /// The subscription's number in the session.
    package let number: Int
    /// Frames.
    package private(set) var frames = 0
    /// Records in them.
    package private(set) var records = 0
    /// Bytes of the frames.
    package private(set) var bytes = 0
    /// A mark for each so many frames.
    package private(set) var every = 1
    /// The marks, ascending.
    package private(set) var marks: [Mark] = []
    private var chain = SegmentDigest.none

    /// Creates what has no frames.
    package init(session: String, number: Int) {
        self.session = session
        self.number = number
    }

    /// Creates what was read from a file.
    init(
        session: String, number: Int, frames: Int, records: Int, bytes: Int, digest: SegmentDigest,
        marks: [Mark]
    ) {
        self.session = session
        self.number = number
        self.frames = frames
        self.records = records
        self.bytes = bytes
        self.chain = digest
        self.marks = marks
    }

    /// The digest of all frames, as 64 hexadecimal digits.
    package var digest: String { Self.text(self.chain) }

    /// What it is called in reports.
    package var name: String { "session \(self.session), subscription \(self.number)" }

    /// Adds a frame with so many records, which tells everything below `end`.
    package mutating func add(_ frame: [UInt8], records: Int, end: Offset) {
        let stream = DigestStream(after: self.chain)
        stream.add(frame.span.bytes)
        self.chain = stream.finish()
        self.frames += 1
        self.records += records
        self.bytes += frame.count
        guard self.frames % self.every == 0 else { return }
        self.marks.append(Mark(frames: self.frames, end: end, digest: self.digest))
        guard self.marks.count > Self.marksMax else { return }
        self.every *= 2
        self.marks.removeAll { $0.frames % self.every != 0 }
    }

    private static func text(_ digest: SegmentDigest) -> String {
        digest.bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
