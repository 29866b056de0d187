import Testing
import Transport

struct DrainPlanTests {
    @Test(arguments: [
        (5, [100_000, 7]), (5, [3200]), (1, [1, 0]), (0, [5000]), (30, [64, 65, 50_000]),
        (5, [0]), (2, [999, 1001]),
    ])
    func everythingIsGoneInTimeAndEvenly(_ seconds: Int, _ sessions: [Int]) {
        var plan = DrainPlan(seconds: seconds)
        let slices = max(1, seconds * 1000 / DrainPlan.sliceMilliseconds)
        var remaining = sessions
        var used = 0
        while remaining.contains(where: { $0 > 0 }) {
            let going = plan.next(of: remaining)
            used += 1
            for (index, count) in going.enumerated() {
                #expect((0...remaining[index]).contains(count))
                // No slice has much more than its share, and few are not made to wait.
                let share = (sessions[index] + slices - 1) / slices
                #expect(count <= max(share, DrainPlan.sessionsAtOnce))
                #expect(count == remaining[index] || count >= DrainPlan.sessionsAtOnce)
                remaining[index] -= count
            }
            guard used <= slices else { break }
        }
        #expect(used <= slices)
        #expect(remaining.allSatisfy { $0 == 0 })
    }

    @Test func sessionsThatComeMeanwhileAreGoneInTheLastSlice() {
        var plan = DrainPlan(seconds: 1)
        for _ in 0..<9 { _ = plan.next(of: [10]) }
        #expect(plan.next(of: [10_000]) == [10_000])
    }
}
