import Access
import LogModel
import LogStorage
import Replication
import WireProtocol

/// Reading what may have to be decided first.
extension ReadingPool {
    /// How often a page or an instance of one request is read, because something had to be decided first.
    private static let roundsMax = 64
    /// How often somebody who decides and does not answer is asked for one request.
    private static let attemptsMax = 2

    /// Takes all steps of a reading for `principal`, with room for others between them, and returns what it found.
    func finish(
        _ reading: StateReading, for principal: Principal, by desk: DecisionDesk
    ) async throws(Problem) -> (records: [UInt8], token: ResumeToken, isPartial: Bool) {
        try await self.admitting { () throws(Problem) in
            while try await !self.read({ () throws(Problem) in try reading.step() }) {
                try await Self.decide(reading.undecided, for: principal, by: desk)
            }
            return try await self.read { () throws(Problem) in try reading.result() }
        }
    }

    /// Runs `body` until nothing is undecided of what it read for `principal`.
    func deciding<Result: Sendable>(
        for principal: Principal, by desk: DecisionDesk,
        _ body: () async throws(Problem) -> (Result, undecided: [RecordQuestion])
    ) async throws(Problem) -> Result {
        for _ in 0..<Self.roundsMax {
            let (result, undecided) = try await body()
            if undecided.isEmpty { return result }
            try await Self.decide(undecided, for: principal, by: desk)
        }
        throw .undecided
    }

    private static func decide(
        _ questions: [RecordQuestion], for principal: Principal, by desk: DecisionDesk
    ) async throws(Problem) {
        guard !questions.isEmpty else { return }
        let isDecided = await desk.decide(
            questions, for: [principal], attemptsMax: Self.attemptsMax)
        guard isDecided else { throw .undecided }
    }
}

extension Problem {
    /// Nobody says what may be seen.
    fileprivate static let undecided = Problem(
        status: 503, code: "undecided", title: "Nobody says what you may see",
        detail: "the application that decides what you may see does not answer: try again",
        retryAfter: 5)
}
