import LogFormat
package import LogModel
package import Replication
import WireProtocol

/// What subscriptions were sent in a run, to be compared with another run: a header, and a line for each.
package struct FrameFile: Sendable {
    private static let name = "livelog.session-frames"
    private static let version: UInt64 = 1

    /// The log, as its identity's text.
    package let log: String
    /// The stretch that was run.
    package let range: Range<Offset>
    /// The subscriptions.
    package let digests: [SubscriptionDigest]

    /// Creates what is to be written.
    package init(log: String, range: Range<Offset>, digests: [SubscriptionDigest]) {
        self.log = log
        self.range = range
        self.digests = digests
    }

    /// The file's bytes.
    package var bytes: [UInt8] {
        var header = JSONLine()
        header.add("frames", Self.name)
        header.add("version", Self.version)
        header.add("log", self.log)
        header.add("from", self.range.lowerBound)
        header.add("until", self.range.upperBound)
        return header.line
            + self.digests.flatMap { digest in
                var json = JSONLine()
                json.add("session", digest.session)
                json.add("subscription", digest.number)
                json.add("frames", digest.frames)
                json.add("records", digest.records)
                json.add("bytes", digest.bytes)
                json.add("digest", digest.digest)
                let marks = digest.marks.map { "[\($0.frames),\($0.end),\"\($0.digest)\"]" }
                json.add("marks", json: "[\(marks.joined(separator: ","))]".utf8)
                return json.line
            }
    }

    /// Reads a file.
    ///
    /// - Throws: what is wrong with it.
    package init(reading bytes: [UInt8]) throws(JournalError) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"))[...]
        guard let first = lines.popFirst() else { throw JournalError("the file is empty") }
        let header = try Self.line(first, 1)
        guard let name = header.member("frames", of: header.root).flatMap({ header.string($0) }),
            name == Self.name, Self.number("version", header) == Self.version,
            let log = header.member("log", of: header.root).flatMap({ header.string($0) }),
            let from = Self.number("from", header), let until = Self.number("until", header),
            from <= until
        else { throw JournalError("line 1 does not say that these are frames of version 1") }
        var digests: [SubscriptionDigest] = []
        for (place, line) in lines.enumerated() {
            let document = try Self.line(line, place + 2)
            guard let digest = Self.digest(document) else {
                throw JournalError("line \(place + 2) is not about a subscription")
            }
            digests.append(digest)
        }
        self.init(log: log, range: Offset(from)..<Offset(until), digests: digests)
    }

    private static func line(
        _ bytes: ArraySlice<UInt8>, _ number: Int
    ) throws(JournalError) -> JSONDocument {
        do throws(JSONError) {
            return try JSONDocument(parsing: Array(bytes))
        } catch {
            throw JournalError("line \(number) is not JSON: \(error.message)")
        }
    }

    private static func number(_ name: String, _ document: JSONDocument) -> UInt64? {
        document.member(name, of: document.root).flatMap { document.unsignedInteger($0) }
    }

    private static func count(_ name: String, _ document: JSONDocument) -> Int? {
        self.number(name, document).flatMap { Int(exactly: $0) }
    }

    private static func text(_ name: String, _ document: JSONDocument) -> String? {
        document.member(name, of: document.root).flatMap { document.string($0) }
    }

    private static func digest(_ document: JSONDocument) -> SubscriptionDigest? {
        guard let session = self.text("session", document),
            let number = self.count("subscription", document),
            let frames = self.count("frames", document),
            let records = self.count("records", document),
            let bytes = self.count("bytes", document),
            let digest = self.text("digest", document).flatMap({ SegmentDigest(hexadecimal: $0) }),
            let list = document.member("marks", of: document.root)
        else { return nil }
        var marks: [SubscriptionDigest.Mark] = []
        for node in document.elements(of: list) {
            let parts = document.elements(of: node)
            guard parts.count == 3,
                let frames = document.unsignedInteger(parts[0]).flatMap({ Int(exactly: $0) }),
                let end = document.unsignedInteger(parts[1]), let text = document.string(parts[2])
            else { return nil }
            marks.append(.init(frames: frames, end: Offset(end), digest: text))
        }
        return SubscriptionDigest(
            session: session, number: number, frames: frames, records: records, bytes: bytes,
            digest: digest, marks: marks)
    }
}

extension SegmentDigest {
    fileprivate init?(hexadecimal text: String) {
        guard text.utf8.count == 2 * Self.count else { return nil }
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        self.init(reading: bytes.span.bytes, at: 0)
    }
}

/// How a subscription was sent something else in another run.
package struct FrameDifference: Hashable, Sendable {
    /// What is different.
    package enum Kind: Hashable, Sendable {
        /// The other run has the subscription, and this one has not.
        case gone
        /// This run has the subscription, and the other one has not.
        case new
        /// The frames are other ones, for the first time within these offsets.
        case frames(Range<Offset>)
    }

    /// The session, as its name's text.
    package let session: String
    /// The subscription's number in the session.
    package let number: Int
    /// What is different.
    package let kind: Kind
}

extension FrameFile {
    /// What is different from an `earlier` run of the same stretch.
    package func differences(from earlier: FrameFile) -> [FrameDifference] {
        struct Key: Hashable {
            let session: String
            let number: Int
        }
        func byKey(_ file: FrameFile) -> [Key: SubscriptionDigest] {
            Dictionary(
                file.digests.map { (Key(session: $0.session, number: $0.number), $0) }
            ) { $1 }
        }
        let (before, now) = (byKey(earlier), byKey(self))
        var differences: [FrameDifference] = []
        for digest in earlier.digests
        where now[Key(session: digest.session, number: digest.number)] == nil {
            differences.append(
                .init(session: digest.session, number: digest.number, kind: .gone))
        }
        for digest in self.digests {
            guard let other = before[Key(session: digest.session, number: digest.number)] else {
                differences.append(
                    .init(session: digest.session, number: digest.number, kind: .new))
                continue
            }
            guard digest.digest != other.digest else { continue }
            let range = digest.firstDifference(from: other, in: self.range)
            differences.append(
                .init(session: digest.session, number: digest.number, kind: .frames(range)))
        }
        return differences
    }
}

extension SubscriptionDigest {
    /// The offsets between which the chains part, by the marks that both have.
    fileprivate func firstDifference(
        from other: SubscriptionDigest, in range: Range<Offset>
    ) -> Range<Offset> {
        let theirs = Dictionary(other.marks.map { ($0.frames, $0) }) { $1 }
        var start = range.lowerBound
        for mark in self.marks {
            guard let their = theirs[mark.frames] else { continue }
            if mark.digest == their.digest {
                start = max(start, mark.end)
            } else {
                return start..<max(start, mark.end, their.end)
            }
        }
        return start..<max(start, range.upperBound)
    }
}
