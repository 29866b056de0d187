package import LogModel

/// Sessions of one event loop that get the same bytes: they speak one dialect, and their live subscriptions have
/// the same numbers and filters in the same order.
///
/// What a turn of the loop has for them is put into frames once, as a *chunk*. Members take chunks one after the
/// other, over several turns if there are many of them, and whoever is late takes several at once. A member that
/// has taken all chunks has been given everything below the loop's cursor.
///
///     chunks        17          18          19
///              [1000, 1004) [1004, 1009) [1009, 1030)      offsets
///     members   c: 17        a: 18        -           b: 20 = has taken all
///
/// Invariants:
/// - a chunk is kept as long as a member has not taken it, and no longer;
/// - chunks come one after the other in the log: nothing that the members want lies between them;
/// - `behindCount` is the number of members that have not taken all chunks.
package struct Audience {
    private struct Member {
        let session: Int
        /// The number of the first chunk that it has not taken.
        var next: UInt64
    }

    private struct Chunk {
        let bytes: OutboundBytes
        /// A member that has not taken this chunk was given everything below this offset.
        let start: Offset
        /// Members that have not taken it.
        var remaining: Int
    }

    /// Fills the next chunk.
    package var composer: FrameComposer
    private var members: [Member] = []
    private var chunks: [Chunk] = []
    /// The number of the first chunk in `chunks`.
    private var firstNumber: UInt64 = 0
    /// Bytes of the chunks that it keeps.
    package private(set) var chunkByteCount = 0
    private let holdings: ChunkHoldings
    /// Members that have not taken all chunks.
    package private(set) var behindCount = 0
    /// Where to look for the next member that is behind.
    private var position = 0
    /// Several chunks in one piece, for all who have them to take.
    private var joined: (chunks: Range<UInt64>, bytes: OutboundBytes)?

    /// Creates an audience without members, whose chunks are counted in `holdings`.
    package init(composer: FrameComposer, countedIn holdings: ChunkHoldings) {
        self.composer = composer
        self.holdings = holdings
    }

    /// How many sessions are members.
    package var memberCount: Int { self.members.count }

    /// The sessions that are members.
    package var sessions: [Int] { self.members.map(\.session) }

    private var endNumber: UInt64 { self.firstNumber + UInt64(self.chunks.count) }

    /// Adds a session that was given everything below the loop's cursor. Returns its place, which changes when
    /// ``leave(_:)`` says so.
    package mutating func join(_ session: Int) -> Int {
        precondition(self.composer.isEmpty, "a session joins between two chunks")
        self.members.append(Member(session: session, next: self.endNumber))
        return self.members.count - 1
    }

    /// Removes the member at `place`.
    ///
    /// Returns the offset below which it was given everything, nil for the loop's cursor; and which session is at
    /// its place now, if any.
    package mutating func leave(_ place: Int) -> (reached: Offset?, moved: Int?) {
        var reached: Offset?
        let next = self.members[place].next
        if next < self.endNumber {
            reached = self.chunks[Int(next - self.firstNumber)].start
            self.markTaken(place, until: self.endNumber)
        }
        let last = self.members.removeLast()
        guard place < self.members.count else { return (reached, nil) }
        self.members[place] = last
        return (reached, last.session)
    }

    /// The offset below which the member at `place` was given everything; nil for the loop's cursor.
    package func reached(_ place: Int) -> Offset? {
        let next = self.members[place].next
        return next < self.endNumber ? self.chunks[Int(next - self.firstNumber)].start : nil
    }

    /// Makes a chunk of what was composed, if anything was.
    ///
    /// - Parameter start: the loop's cursor before it read what was composed.
    package mutating func finishChunk(from start: Offset) {
        let bytes = self.composer.take()
        guard !bytes.bytes.isEmpty, !self.members.isEmpty else { return }
        self.chunks.append(Chunk(bytes: bytes, start: start, remaining: self.members.count))
        self.chunkByteCount += bytes.bytes.count
        self.holdings.byteCount += bytes.bytes.count
        self.behindCount = self.members.count
    }

    /// The next chunks that the member at `place` has not taken, as many as `byteCountMax` allows, or one that is
    /// larger; nil if it has taken all. From then on it has taken these.
    package mutating func take(_ place: Int, byteCountMax: Int = .max) -> OutboundBytes? {
        let first = self.members[place].next
        guard first < self.endNumber else { return nil }
        var end = first + 1
        if end < self.endNumber {
            var byteCount = self.chunk(first).bytes.bytes.count
            while end < self.endNumber {
                byteCount += self.chunk(end).bytes.bytes.count
                guard byteCount <= byteCountMax else { break }
                end += 1
            }
        }
        let bytes = self.bytes(of: first..<end)
        self.markTaken(place, until: end)
        return bytes
    }

    private func chunk(_ number: UInt64) -> Chunk { self.chunks[Int(number - self.firstNumber)] }

    /// Lets the next member that is behind take; see ``take(_:byteCountMax:)``. Nil if nobody is. In a circle, so that
    /// nobody waits for those who come later.
    package mutating func takeNext(
        byteCountMax: Int = .max
    ) -> (session: Int, bytes: OutboundBytes)? {
        guard let place = self.nextBehind(),
            let bytes = self.take(place, byteCountMax: byteCountMax)
        else { return nil }
        return (self.members[place].session, bytes)
    }

    private mutating func nextBehind() -> Int? {
        guard self.behindCount > 0 else { return nil }
        while true {
            if self.position >= self.members.count { self.position = 0 }
            let place = self.position
            self.position += 1
            if self.members[place].next < self.endNumber { return place }
        }
    }

    /// The sessions that are further behind than `byteCountMax` bytes of chunks allow: they have to leave.
    package func stragglers(byteCountMax: Int) -> [Int] {
        guard self.chunkByteCount > byteCountMax else { return [] }
        var number = self.firstNumber
        var byteCount = self.chunkByteCount
        for chunk in self.chunks where byteCount > byteCountMax {
            byteCount -= chunk.bytes.bytes.count
            number += 1
        }
        return self.members.filter { $0.next < number }.map(\.session)
    }

    private mutating func markTaken(_ place: Int, until end: UInt64) {
        for number in self.members[place].next..<end {
            self.chunks[Int(number - self.firstNumber)].remaining -= 1
        }
        self.members[place].next = end
        if end == self.endNumber { self.behindCount -= 1 }
        while !self.chunks.isEmpty, self.chunks[0].remaining == 0 {
            let byteCount = self.chunks.removeFirst().bytes.bytes.count
            self.chunkByteCount -= byteCount
            self.holdings.byteCount -= byteCount
            self.firstNumber += 1
        }
        if self.chunks.isEmpty { self.joined = nil }
    }

    private mutating func bytes(of numbers: Range<UInt64>) -> OutboundBytes {
        if numbers.count == 1 { return self.chunk(numbers.lowerBound).bytes }
        if let joined, joined.chunks == numbers { return joined.bytes }
        var bytes: [UInt8] = []
        var recordCount = 0
        for number in numbers {
            bytes.append(contentsOf: self.chunk(number).bytes.bytes)
            recordCount += self.chunk(number).bytes.recordCount
        }
        let all = OutboundBytes(bytes, recordCount: recordCount)
        self.joined = (numbers, all)
        return all
    }
}

/// What the chunks of all audiences of an event loop take together.
///
/// Threads: only the event loop's.
package final class ChunkHoldings {
    /// Bytes of the chunks that are kept.
    package fileprivate(set) var byteCount = 0

    /// Creates a count of nothing.
    package init() {}
}
