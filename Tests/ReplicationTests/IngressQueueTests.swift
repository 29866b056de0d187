import LogModel
import Replication
import TestSupport
import Testing

struct IngressQueueTests {
    /// A submission of one change with at least `byteCount` bytes.
    private static func submission(byteCount: Int = 1) -> Submission {
        var builder = ChangesBuilder()
        builder.add(
            .created, "m", key: .number(1),
            instance: "{\"pad\":\"" + String(repeating: "x", count: byteCount) + "\"}")
        return Submission(changes: builder.finish(), producer: nil) { _ in }
    }

    private static func refusal(
        of submission: Submission, by queue: IngressQueue
    ) -> IngressQueue.Refusal? {
        do throws(IngressQueue.Refusal) {
            try queue.add(submission)
            return nil
        } catch {
            return error
        }
    }

    @Test func asManySubmissionsWaitAsMay() {
        var limits = IngressQueue.Limits()
        limits.submissionsMax = 3
        let queue = IngressQueue(limits: limits)
        for _ in 0..<3 { #expect(Self.refusal(of: Self.submission(), by: queue) == nil) }
        for _ in 0..<2 { #expect(Self.refusal(of: Self.submission(), by: queue) == .full) }
    }

    @Test func asManyBytesWaitAsMay() {
        var limits = IngressQueue.Limits()
        limits.byteCountMax = 100_000
        let queue = IngressQueue(limits: limits)
        #expect(Self.refusal(of: Self.submission(byteCount: 40_000), by: queue) == nil)
        #expect(Self.refusal(of: Self.submission(byteCount: 70_000), by: queue) == .full)
        // What is refused takes no room.
        #expect(Self.refusal(of: Self.submission(byteCount: 40_000), by: queue) == nil)
        #expect(Self.refusal(of: Self.submission(byteCount: 30_000), by: queue) == .full)
    }

    @Test func oneSubmissionMayWaitAloneWhateverItsSize() {
        var limits = IngressQueue.Limits()
        limits.byteCountMax = 10
        let queue = IngressQueue(limits: limits)
        #expect(Self.refusal(of: Self.submission(byteCount: 5000), by: queue) == nil)
        #expect(Self.refusal(of: Self.submission(), by: queue) == .full)
    }

    @Test func aClosedQueueTakesNothing() {
        let queue = IngressQueue(limits: IngressQueue.Limits())
        #expect(Self.refusal(of: Self.submission(), by: queue) == nil)
        queue.close()
        #expect(Self.refusal(of: Self.submission(), by: queue) == .closed)
        queue.close()
        #expect(Self.refusal(of: Self.submission(), by: queue) == .closed)
    }
}
