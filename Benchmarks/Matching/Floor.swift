/// What the machine can do at best, in the same run as the rest.
enum Floor {
    /// Loads from memory that no cache holds, each of which says where the next one is; and as many of which none waits
    /// for another.
    static func miss(_ command: Command) -> Findings {
        let wordCount = command.number("bytes", 256 << 20) / 8
        let stepCount = command.number("steps", 1 << 20)
        // A permutation with one cycle: an odd step of a full-period generator, modulo a power of two.
        let mask = wordCount - 1
        var words = [UInt64](repeating: 0, count: wordCount)
        for index in 0..<wordCount {
            words[index] = UInt64((index &* 0x9E37_79B5 &+ 0x7F4A_7C15) & mask)
        }
        var at = 0
        let dependent = (0..<5).map { _ in
            Meter.time(of: stepCount) {
                for _ in 0..<stepCount { at = Int(truncatingIfNeeded: words[at]) }
            }
        }
        var sum: UInt64 = 0
        var random = Random(seed: 9)
        let places = (0..<stepCount).map { _ in random.below(wordCount) }
        let independent = (0..<5).map { _ in
            Meter.time(of: stepCount) {
                for place in places { sum &+= words[place] }
            }
        }
        var found = Findings()
        found.add("miss_ns", dependent.median + (at == -1 ? 1 : 0))
        found.add("independent_miss_ns", independent.median + (sum == 1 ? 1 : 0))
        return found
    }
}
