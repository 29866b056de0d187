package import Access
package import LogModel
package import Replication
package import WireProtocol

/// A recorded session by its name in all journals of a log.
package struct SessionName: Hashable, Sendable, CustomStringConvertible {
    /// The run of the server.
    package let run: UInt64
    /// The session's number in it.
    package let number: UInt64

    /// Creates a name.
    package init(run: UInt64, number: UInt64) {
        self.run = run
        self.number = number
    }

    /// `0123456789abcdef/7`
    package var description: String { "\(self.run.hexadecimal)/\(self.number)" }
}

/// A subscription of a recorded session: what it was for, and where.
package struct RecordedSubscription: Sendable {
    /// A part of its life with one filter: perhaps it is told something first, then it gets records.
    package struct Piece: Hashable, Sendable {
        /// The filter, with what was seen.
        package let filter: Filter
        /// Who read.
        package let principal: Principal
        /// What it was told at the start; nil for nothing.
        package let opening: SessionEntry.Summing.Kind?
        /// The first offset of which it got records. What it was told speaks of here.
        package var start: Offset
        /// The offset below which it was given everything; nil if it has not ended.
        package var end: Offset?

        /// Creates a piece.
        package init(
            _ filter: Filter, of principal: Principal, opening: SessionEntry.Summing.Kind? = nil,
            from start: Offset, to end: Offset? = nil
        ) {
            self.filter = filter
            self.principal = principal
            self.opening = opening
            self.start = start
            self.end = end
        }
    }

    /// The session.
    package let session: SessionName
    /// The subscription's number in the session.
    package let number: Int
    /// The client's number for it.
    package let id: UInt64
    /// The session's dialect.
    package let dialect: Dialect
    /// How its records were told.
    package let form: RecordForm
    /// The parts of its life, in order.
    package var pieces: [Piece]

    /// Creates a subscription.
    package init(
        session: SessionName, number: Int, id: UInt64, dialect: Dialect, form: RecordForm,
        pieces: [Piece]
    ) {
        self.session = session
        self.number = number
        self.id = id
        self.dialect = dialect
        self.form = form
        self.pieces = pieces
    }

    /// What it is called in reports.
    package var name: String { "session \(self.session), subscription \(self.number)" }
}

/// A subscription that is not run again, and why.
package struct UnplayedSubscription: Hashable, Sendable {
    /// Why a subscription cannot be run again.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// The journal has a gap where the session was open.
        case gap
        /// The application decided what was seen, and the log does not say what.
        case question
        /// Something of its groups, or the start of the log, was removed from the log since.
        case removed
        /// It begins beyond the end of the log, or of the stretch that is run.
        case outside

        /// The reason, for people.
        package var explanation: String {
            switch self {
            case .gap: "the journal has a gap"
            case .question: "the application decided what was seen"
            case .removed: "records were removed from the log"
            case .outside: "it lies outside of the stretch"
            }
        }
    }

    /// The session.
    package let session: SessionName
    /// The subscription's number in the session.
    package let number: Int
    /// Why.
    package let reason: Reason
}
