// Runs many simulations of the log's storage, one seed after the other.
//
//     log-simulation [--seeds N] [--first S] [--keep-going] [--quiet]
//
// Prints the first failure with its last steps and exits with 1. The same seed gives the same run.

import Foundation
import LogSimulation

var seedCount = 10_000
var first = 0
var keepsGoing = false
var isQuiet = false
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    switch argument {
    case "--seeds": seedCount = arguments.popFirst().flatMap { Int($0) } ?? seedCount
    case "--first": first = arguments.popFirst().flatMap { Int($0) } ?? first
    case "--keep-going": keepsGoing = true
    case "--quiet": isQuiet = true
    default:
        print("usage: log-simulation [--seeds N] [--first S] [--keep-going] [--quiet]")
        exit(2)
    }
}

let start = DispatchTime.now().uptimeNanoseconds
var failureCount = 0
var diskStepCount = 0
var openingCount = 0
var counts: [String: Int] = [:]
for number in 0..<seedCount {
    let outcome = Simulation.run(seed: UInt64(first + number))
    diskStepCount += outcome.diskStepCount
    openingCount += outcome.openingCount
    counts.merge(outcome.counts) { $0 + $1 }
    if let violation = outcome.violation {
        failureCount += 1
        print(keepsGoing ? "seed \(outcome.seed): \(violation)" : outcome.report)
        if !keepsGoing { exit(1) }
    }
    if !isQuiet, (number + 1) % 1000 == 0 {
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        print(
            "\(number + 1) seeds in \(Int(seconds)) s: \(openingCount) openings, "
                + "\(diskStepCount) disk steps, \(failureCount) failures")
    }
}
if !isQuiet {
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) { print("\(count) \(name)") }
}
exit(failureCount == 0 ? 0 : 1)
