import Foundation

/// A source of randomness (SplitMix64) that gives the same numbers for the same seed.
package struct SeededGenerator: RandomNumberGenerator, Sendable, CustomStringConvertible {
    /// What repeats the numbers.
    package let seed: UInt64
    private var state: UInt64

    /// Begins the sequence of `seed`. Seeds next to each other give unrelated sequences.
    package init(seed: UInt64) {
        self.seed = seed
        self.state = seed
    }

    /// The sequence of the seed in the environment variable `LIVELOG_SEED`, or of one that is new in every run.
    /// Print it, so that a failure can be repeated.
    package static func ofThisRun() -> SeededGenerator {
        let given = ProcessInfo.processInfo.environment["LIVELOG_SEED"].flatMap { UInt64($0) }
        return SeededGenerator(seed: given ?? .random(in: 0...UInt64(UInt32.max)))
    }

    /// What to set in the environment to get the same numbers again.
    package var description: String { "LIVELOG_SEED=\(self.seed)" }

    package mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Says yes `share` times out of `whole`.
    package mutating func chance(_ share: Int, in whole: Int) -> Bool {
        self.below(whole) < share
    }

    /// A number from 0 to `bound - 1`.
    package mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: self.next() % UInt64(bound))
    }

    /// One of `choices`, of which there is at least one.
    package mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[self.below(choices.count)]
    }

    /// `count` bytes.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: self.next()) }
    }
}
