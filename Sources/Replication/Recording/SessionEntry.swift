package import Access
package import LogModel
package import WireProtocol

/// Something that happened to a recorded session: a line of a journal (`docs/sessions-journal.md`).
///
/// With the log it says all that the session was sent, and has nothing of it.
package struct SessionEntry: Hashable, Sendable {
    /// The session's number, counted from 1 while the process runs.
    package let session: UInt64
    /// What happened.
    package let event: Event

    /// Creates the entry of a session.
    package init(_ session: UInt64, _ event: Event) {
        self.session = session
        self.event = event
    }

    /// What can happen. A subscription has a number in its session, counted from 1.
    package enum Event: Hashable, Sendable {
        /// A client connected.
        case opened(Dialect, Principal)
        /// It is somebody else, or something else is known of them.
        case became(Principal)
        /// A subscription began.
        case began(Int, Beginning)
        /// A subscription is sent what a stretch of the log amounts to, and goes on behind that.
        case told(Int, Summing)
        /// Something else is seen by a subscription from here on.
        case sees(Int, Seeing)
        /// A subscription ended, for this reason, and had been given everything below the offset; nil if it had not
        /// been sent all of what it was told first.
        case ended(Int, reason: String, at: Offset?)
        /// The session ended, and with it what subscriptions it had: for each the offset as for `ended`.
        case closed(reason: String, [Reached])
    }

    /// How a subscription began.
    package struct Beginning: Hashable, Sendable {
        /// The client's number for it.
        package let id: UInt64
        /// How its records are told.
        package let form: RecordForm
        /// What was asked for, as far as it is seen.
        package let request: SubscriptionRequest
        /// The first offset that it may get.
        package let start: Offset
        /// Whether it waits to be told something first.
        package let waits: Bool

        /// Creates a beginning.
        package init(
            id: UInt64, form: RecordForm, request: SubscriptionRequest, start: Offset, waits: Bool
        ) {
            self.id = id
            self.form = form
            self.request = request
            self.start = start
            self.waits = waits
        }
    }

    /// What a subscription is told instead of records.
    package struct Summing: Hashable, Sendable {
        /// What it says.
        package enum Kind: Hashable, Sendable {
            /// The set.
            case snapshot
            /// What happened to the set from an offset on.
            case changes(from: Offset)
            /// What makes of the set that this principal had at an offset by another filter the one that is seen.
            case sight(before: Filter, Principal, from: Offset)
        }

        /// What it says.
        package let kind: Kind
        /// The filter, with what is seen.
        package let filter: Filter
        /// The offset of which it speaks, from where the subscription goes on.
        package let end: Offset
        /// Whether retention took records that belong to it.
        package let isPartial: Bool

        /// Creates what a subscription is told.
        package init(_ kind: Kind, _ filter: Filter, end: Offset, isPartial: Bool) {
            self.kind = kind
            self.filter = filter
            self.end = end
            self.isPartial = isPartial
        }
    }

    /// What a subscription sees from now on.
    package struct Seeing: Hashable, Sendable {
        /// The filter, with what is seen.
        package let filter: Filter
        /// The offset below which it was given everything by the filter before; nil if it still waits for what it is
        /// told first.
        package let start: Offset?
        /// Whether it waits to be told what that changes.
        package let waits: Bool

        /// Creates what is seen.
        package init(_ filter: Filter, from start: Offset?, waits: Bool) {
            self.filter = filter
            self.start = start
            self.waits = waits
        }
    }

    /// How far a subscription had got.
    package struct Reached: Hashable, Sendable {
        /// The subscription's number.
        package let subscription: Int
        /// The offset below which it had been given everything; nil if it had not been sent all of what it was told
        /// first.
        package let offset: Offset?

        /// Creates the place of a subscription.
        package init(_ subscription: Int, _ offset: Offset?) {
            self.subscription = subscription
            self.offset = offset
        }
    }
}
