/// Which sessions are recorded.
package struct SessionChoice: Hashable, Sendable {
    /// About how many of all: from 0 for none to 1 for all.
    package let share: Double
    /// Whose are recorded besides, whoever else is.
    package let subjects: Set<String>

    /// Creates a choice. What is no share is as much of it as there can be.
    package init(share: Double, subjects: Set<String> = []) {
        self.share = share.isNaN ? 0 : min(max(share, 0), 1)
        self.subjects = subjects
    }

    /// Whether the session with this number, of this subject, is recorded. By a hash of the number, so that the same sessions
    /// are whenever the same happens.
    package func includes(_ number: UInt64, subject: String) -> Bool {
        if self.subjects.contains(subject), !subject.isEmpty { return true }
        // SplitMix64's mixing; the highest 53 bits are a fraction.
        var mixed = number &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Double(mixed >> 11) / Double(UInt64(1) << 53) < self.share
    }
}
