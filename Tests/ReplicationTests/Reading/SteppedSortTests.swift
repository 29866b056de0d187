import Replication
import TestSupport
import Testing

/// The same order as the standard library's, in steps of any size.
struct SteppedSortTests {
    @Test(arguments: [0, 1, 2, 1023, 1024, 1025, 2048, 5000, 20_000], [1, 7, 1000, .max])
    func anyNumberOfValuesIsSortedInAnySteps(count: Int, step: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        let values = Array(0..<count).shuffled(using: &random)
        var sort = SteppedSort(values) { $0 < $1 }
        var steps = 0
        while !sort.step(countMax: step) { steps += 1 }
        #expect(sort.sorted == Array(0..<count))
        // No step does much more than it may, so small ones are many.
        if step == 1000, count == 20_000 { #expect(steps > 100) }
    }
}
