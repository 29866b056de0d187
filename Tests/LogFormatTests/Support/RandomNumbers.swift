import Foundation

/// Random numbers that their seed repeats (xorshift64*). `LIVELOG_SEED` sets the seed.
struct RandomNumbers: RandomNumberGenerator, CustomStringConvertible {
    /// What repeats the numbers; at least 1.
    let seed: UInt64
    private var state: UInt64

    init() {
        let given = ProcessInfo.processInfo.environment["LIVELOG_SEED"].flatMap { UInt64($0) }
        self.seed = max(1, given ?? 0x11FE_1066)
        self.state = self.seed
    }

    var description: String { "LIVELOG_SEED=\(self.seed)" }

    mutating func next() -> UInt64 {
        self.state ^= self.state >> 12
        self.state ^= self.state << 25
        self.state ^= self.state >> 27
        return self.state &* 0x2545_F491_4F6C_DD1D
    }

    /// `count` bytes.
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: self.next() >> 32) }
    }
}
