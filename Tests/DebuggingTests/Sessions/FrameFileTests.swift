import Debugging
import LogModel
import Replication
import Testing

/// Digests of frames: written, read, and compared.
struct FrameFileTests {
    /// A subscription with a frame for each offset below `end`, of which the one at `other` is another one.
    private static func digest(_ session: String, end: Int, other: Int? = nil) -> SubscriptionDigest
    {
        var digest = SubscriptionDigest(session: session, number: 1)
        for number in 0..<end {
            let text = number == other ? "another" : "frame \(number)"
            digest.add(Array(text.utf8), records: 2, end: Offset(UInt64(number) + 1))
        }
        return digest
    }

    private static func file(_ digests: [SubscriptionDigest], end: UInt64 = 1000) -> FrameFile {
        FrameFile(log: "ab", range: .zero..<Offset(end), digests: digests)
    }

    @Test func whatIsWrittenIsRead() throws {
        let file = Self.file([Self.digest("a/1", end: 0), Self.digest("a/2", end: 300)])
        let again = try FrameFile(reading: file.bytes)
        #expect(again.log == "ab" && again.range == file.range)
        #expect(again.digests.map(\.digest) == file.digests.map(\.digest))
        #expect(again.digests.map(\.marks) == file.digests.map(\.marks))
        #expect(again.digests.map(\.records) == [0, 600])
        #expect(again.differences(from: file).isEmpty)
    }

    @Test(arguments: ["", "{}", #"{"frames":"livelog.session-frames","version":2}"#, "x"])
    func whatIsNoSuchFileIsRefused(text: String) {
        #expect(throws: JournalError.self) { try FrameFile(reading: Array(text.utf8)) }
    }

    @Test(arguments: [0, 1, 63, 64, 500, 998, 999])
    func theFirstDifferenceIsWithinTheOffsetsThatAreSaid(place: Int) throws {
        let earlier = Self.file([Self.digest("a/1", end: 1000)])
        let now = try FrameFile(
            reading: Self.file([Self.digest("a/1", end: 1000, other: place)]).bytes)
        let differences = now.differences(from: earlier)
        guard differences.count == 1, case .frames(let range) = differences[0].kind else {
            Issue.record("\(differences)")
            return
        }
        #expect(range.contains(Offset(UInt64(place))))
        #expect(range.upperBound.distance(from: range.lowerBound) <= 64)
    }

    @Test func whatComesAndGoesIsSaid() {
        let (a, b) = (Self.digest("a/1", end: 3), Self.digest("b/1", end: 3))
        let differences = Self.file([a]).differences(from: Self.file([b]))
        #expect(differences.map(\.kind) == [.gone, .new])
        #expect(differences.map(\.session) == ["b/1", "a/1"])
        // More of the same is a difference behind what both have.
        let more = Self.file([Self.digest("a/1", end: 5)]).differences(from: Self.file([a]))
        #expect(more.map(\.kind) == [.frames(Offset(3)..<Offset(1000))])
    }
}
