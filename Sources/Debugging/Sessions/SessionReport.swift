package import LogModel

/// Where the matcher and the second judge disagree.
package struct SessionDifference: Hashable, Sendable {
    /// The session.
    package let session: SessionName
    /// The subscription's number in the session.
    package let number: Int
    /// The record; of something that is told of several, where the subscription went on.
    package let offset: Offset
    /// What the one has and what the other.
    package let text: String
}

/// What came of running sessions again.
package struct SessionReport: Sendable {
    /// The most differences that are described; the others are counted.
    package static let differencesMax = 100

    /// The stretch that was run.
    package let range: Range<Offset>
    /// Records that were looked at.
    package internal(set) var recordCount = 0
    /// What each subscription was sent, in the order of the journal.
    package internal(set) var digests: [SubscriptionDigest] = []
    /// Subscriptions that were not run.
    package internal(set) var unplayed: [UnplayedSubscription] = []
    /// The first differences.
    package private(set) var differences: [SessionDifference] = []
    /// How many there are.
    package private(set) var differenceCount = 0

    init(_ range: Range<Offset>) { self.range = range }

    mutating func note(_ difference: SessionDifference) {
        self.differenceCount += 1
        if self.differences.count < Self.differencesMax { self.differences.append(difference) }
    }
}
