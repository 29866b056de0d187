package import LogModel

/// What a client wants to be told: records of which instances, from which place on, and how it is brought there.
package struct SubscriptionRequest: Hashable, Sendable {
    /// Where a subscription begins.
    package enum Start: Hashable, Sendable {
        /// With the records that become visible from now on.
        case now
        /// With the first record that is kept.
        case start
        /// With the instances that are in the set now, and then the records that follow.
        case snapshot
        /// With the first record that the reader who got this token has not taken.
        case token(ResumeToken)
        /// With the record at this offset.
        case offset(Offset)
        /// With the first record whose time is not before this, in microseconds since 1970.
        case time(Int64)
    }

    /// What a client that begins in the past gets of it.
    package enum CatchUp: String, Hashable, Sendable, CaseIterable {
        /// Every record.
        case all
        /// For each instance the last record.
        case latest
    }

    /// Which instances.
    package var filter: Filter
    /// From which place on.
    package var start: Start
    /// What it gets of the past.
    package var catchUp: CatchUp
    /// The most records to replay: if there are more, it gets a snapshot instead. At least 1.
    package var budget: Int?

    /// Creates a request. By default it is for what happens from now on.
    package init(
        filter: Filter, start: Start = .now, catchUp: CatchUp = .all, budget: Int? = nil
    ) {
        self.filter = filter
        self.start = start
        self.catchUp = catchUp
        self.budget = budget
    }
}
