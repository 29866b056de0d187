import LogModel
import Sessions
import TestSupport
import Testing
import WireProtocol

/// Members take the same chunks, each once and in order, whoever comes and goes.
struct AudienceTests {
    private static func audience() -> Audience {
        Audience(
            composer: FrameComposer(dialect: .ndjson, joinsBatches: true, limits: SessionLimits()),
            countedIn: ChunkHoldings())
    }

    private static func give(_ text: String, to audience: inout Audience, from start: UInt64) {
        audience.composer.addMessage { _, bytes in bytes.append(contentsOf: text.utf8) }
        audience.finishChunk(from: Offset(start))
    }

    private static func take(_ place: Int, of audience: inout Audience) -> String? {
        audience.take(place).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test func whoIsLateTakesABoundedPieceAtATime() {
        var audience = Self.audience()
        let place = audience.join(0)
        for (start, text) in ["aa", "bbb", "cccccc", "d"].enumerated() {
            Self.give(text, to: &audience, from: UInt64(start))
        }
        #expect(audience.chunkByteCount == 12)
        func take() -> String? {
            audience.take(place, byteCountMax: 5).map { String(decoding: $0.bytes, as: UTF8.self) }
        }
        #expect(take() == "aabbb")
        #expect(audience.behindCount == 1 && audience.chunkByteCount == 7)
        // A chunk that is larger comes alone.
        #expect(take() == "cccccc")
        // Who leaves now has everything before the chunk that it has not taken.
        var copy = audience
        #expect(copy.leave(place).reached == Offset(3))
        #expect(take() == "d")
        #expect(take() == nil)
        #expect(audience.behindCount == 0 && audience.chunkByteCount == 0)
    }

    @Test func allMembersTakeTheSameBytes() throws {
        var audience = Self.audience()
        let places = (0..<3).map { audience.join($0) }
        Self.give("a", to: &audience, from: 0)
        #expect(audience.behindCount == 3)
        let taken = places.map { audience.take($0) }
        #expect(taken[0] != nil && taken[0] === taken[1] && taken[1] === taken[2])
        #expect(audience.behindCount == 0)
        #expect(audience.takeNext() == nil)
        #expect(places.allSatisfy { audience.take($0) == nil })
    }

    @Test func whoIsLateTakesSeveralChunksAsOne() {
        var audience = Self.audience()
        let (early, late, later) = (audience.join(1), audience.join(2), audience.join(3))
        Self.give("a", to: &audience, from: 0)
        #expect(Self.take(early, of: &audience) == "a")
        Self.give("b", to: &audience, from: 5)
        #expect(Self.take(early, of: &audience) == "b")
        let bytes = audience.take(late)
        #expect(bytes.map { String(decoding: $0.bytes, as: UTF8.self) } == "ab")
        #expect(audience.take(later) === bytes)
        #expect(audience.behindCount == 0)
    }

    @Test func whoJoinsGetsWhatComesAfterwards() {
        var audience = Self.audience()
        let first = audience.join(1)
        Self.give("a", to: &audience, from: 0)
        let second = audience.join(2)
        #expect(audience.take(second) == nil)
        Self.give("b", to: &audience, from: 9)
        #expect(Self.take(first, of: &audience) == "ab")
        #expect(Self.take(second, of: &audience) == "b")
    }

    @Test func whoLeavesIsToldHowFarItGot() {
        var audience = Self.audience()
        for session in 1...3 { _ = audience.join(session) }
        Self.give("a", to: &audience, from: 4)
        #expect(Self.take(1, of: &audience) == "a")
        Self.give("b", to: &audience, from: 8)
        // The first has taken nothing, and the last one takes its place.
        let first = audience.leave(0)
        #expect(first.reached == Offset(4))
        #expect(first.moved == 3)
        // The second has taken the first chunk.
        let second = audience.leave(1)
        #expect(second.reached == Offset(8))
        #expect(second.moved == nil)
        #expect(Self.take(0, of: &audience) == "ab")
        #expect(audience.leave(0).reached == nil)
        #expect(audience.memberCount == 0)
        #expect(audience.behindCount == 0)
    }

    @Test func whatNobodyIsThereForIsDropped() {
        var audience = Self.audience()
        Self.give("a", to: &audience, from: 0)
        let place = audience.join(1)
        #expect(audience.take(place) == nil)
        #expect(audience.behindCount == 0)
    }

    @Test func whoIsTooFarBehindHasToLeave() {
        var audience = Self.audience()
        let (quick, slow) = (audience.join(1), audience.join(2))
        for offset in 0..<4 as Range<UInt64> {
            Self.give("0123456789", to: &audience, from: offset)
            _ = audience.take(quick)
        }
        #expect(audience.stragglers(byteCountMax: 40) == [])
        #expect(audience.stragglers(byteCountMax: 39) == [2])
        #expect(audience.leave(slow).reached == Offset(0))
        #expect(audience.stragglers(byteCountMax: 0) == [])
    }

    /// Against a model that keeps for each member what it has to take.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func membersTakeEachChunkOnceInOrderWhateverHappens(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var audience = Self.audience()
        var places: [Int] = []  // session numbers by place
        var expected: [Int: String] = [:]
        var starts: [Int: Offset] = [:]
        var nextSession = 0
        for step in 0..<200 {
            switch random.below(6) {
            case 0:
                #expect(audience.join(nextSession) == places.count)
                places.append(nextSession)
                expected[nextSession] = ""
                nextSession += 1
            case 1 where !places.isEmpty:
                let place = random.below(places.count)
                let session = places[place]
                let (reached, moved) = audience.leave(place)
                #expect(reached == starts[session])
                let last = places.removeLast()
                if place < places.count { places[place] = last }
                #expect(moved == (place < places.count ? last : nil))
                expected[session] = nil
                starts[session] = nil
            case 2, 3:
                let text = "<\(step)>"
                Self.give(text, to: &audience, from: UInt64(step))
                for session in places {
                    expected[session, default: ""] += text
                    starts[session] = starts[session] ?? Offset(UInt64(step))
                }
            default:
                guard let (session, bytes) = audience.takeNext() else {
                    #expect(places.allSatisfy { expected[$0] == "" })
                    continue
                }
                #expect(String(decoding: bytes.bytes, as: UTF8.self) == expected[session])
                expected[session] = ""
                starts[session] = nil
            }
            #expect(audience.behindCount == places.count { expected[$0] != "" })
            #expect(audience.sessions == places)
        }
    }
}
