/// Which changes are wanted, from where on, and how the client is brought up to date.
public struct Subscription: Hashable, Sendable {
    /// Where a subscription begins.
    public enum Start: Hashable, Sendable {
        /// With the next change.
        case now
        /// With the oldest change that the log still has.
        case start
        /// With the instances that are in the set now, and then the changes that follow.
        case snapshot
        /// Where the delivery with this resume token ended.
        case token(String)
        /// With the change at this offset of the log.
        case offset(UInt64)
        /// With the first change that is not older than this: RFC 3339, `2026-11-23T10:00:00Z`.
        case time(String)
        /// With the first change that is not older than this, in microseconds since 1970.
        case microseconds(Int64)
    }

    /// What a subscription that begins in the past, or was away, gets of it.
    public enum CatchUp: String, Hashable, Sendable, CaseIterable {
        /// Every change.
        case all
        /// For each instance the last change, with what it means to the set since then.
        case latest
    }

    /// What becomes of a subscription that the server cannot continue from its place.
    public enum AfterReset: Hashable, Sendable, CaseIterable {
        /// It ends, with an error that says what to do.
        case fail
        /// It goes on from a snapshot, which replaces what was known before. If that is too large it ends.
        case snapshot
    }

    /// The model's label, for instance `todolist.Task`.
    public var model: String
    /// What must hold for an instance, all of it; none for all instances of the model.
    public var conditions: [Condition]
    /// Where to begin; nil for the next change, or with a collection for a snapshot.
    public var from: Start?
    /// What to get of the past.
    public var catchUp: CatchUp
    /// The most records to be sent again: if there are more, a snapshot comes in their place. At least 1;
    /// nil for no bound.
    public var budget: Int?
    /// What becomes of the subscription if it cannot continue. A collection always takes a snapshot.
    public var afterReset: AfterReset

    /// Creates a subscription to the changes of `model`.
    public init(
        model: String, where conditions: [Condition] = [], from: Start? = nil,
        catchUp: CatchUp = .all, budget: Int? = nil, afterReset: AfterReset = .fail
    ) {
        self.model = model
        self.conditions = conditions
        self.from = from
        self.catchUp = catchUp
        self.budget = budget
        self.afterReset = afterReset
    }

    /// Creates a subscription to the changes of `model` where one condition holds.
    public init(
        model: String, where condition: Condition, from: Start? = nil, catchUp: CatchUp = .all,
        budget: Int? = nil, afterReset: AfterReset = .fail
    ) {
        self.init(
            model: model, where: [condition], from: from, catchUp: catchUp, budget: budget,
            afterReset: afterReset)
    }
}
