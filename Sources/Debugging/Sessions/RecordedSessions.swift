import Access
import LogModel
package import Replication
import WireProtocol

/// The sessions of a journal, put together from its lines in order.
package struct RecordedSessions: Sendable {
    private struct Draft {
        let beginning: SessionEntry.Beginning
        var pieces: [RecordedSubscription.Piece] = []
        /// Whether the last piece has not ended.
        var isRunning = false
    }

    private struct OpenSession {
        let dialect: Dialect
        var principal: Principal
        var drafts: [Int: Draft] = [:]
        var hasGap = false
    }

    /// The subscriptions that can be run again, in the order in which they ended.
    package private(set) var subscriptions: [RecordedSubscription] = []
    /// Those that cannot, because the journal has a gap.
    package private(set) var unplayed: [UnplayedSubscription] = []
    /// How many sessions were opened.
    package private(set) var sessionCount = 0
    /// The log that the sessions read, as its identity's text; nil before the first header.
    package private(set) var log: String?
    private var open: [UInt64: OpenSession] = [:]
    private var header: JournalHeader?

    /// Creates what an empty journal has.
    package init() {}

    /// Takes the next line.
    ///
    /// - Throws: what is wrong with it, and then the sessions that are open have a gap.
    package mutating func add(_ line: JournalLine) throws(JournalError) {
        switch line {
        case .header(let header): try self.begin(header)
        case .lost(_, let sessions):
            for session in sessions { self.noteGap(session) }
        case .entry(let entry):
            do throws(JournalError) {
                try self.add(entry)
            } catch {
                self.noteGap(entry.session)
                throw error
            }
        }
    }

    /// Notes that lines are missing, or cannot be read: nobody knows of whom they were.
    package mutating func noteDamage() {
        for session in self.open.keys { self.noteGap(session) }
    }

    /// Ends the journal: what is open goes on for as long as the log does.
    package mutating func finish() { self.endAll(at: nil) }

    private mutating func begin(_ header: JournalHeader) throws(JournalError) {
        if let log, log != header.log {
            throw JournalError("the journal is of log \(header.log), the ones before of \(log)")
        }
        self.log = header.log
        if let last = self.header, last.run != header.run {
            // The server that had them was gone by then.
            self.endAll(at: header.end)
        } else if let last = self.header, last.file + 1 != header.file {
            self.noteDamage()
        }
        self.header = header
    }

    private mutating func noteGap(_ session: UInt64) { self.open[session]?.hasGap = true }

    private mutating func endAll(at end: Offset?) {
        for session in self.open.keys.sorted() {
            for number in self.open[session]?.drafts.keys.sorted() ?? [] {
                if let end { self.close(number, of: session, at: end) }
                self.finish(number, of: session)
            }
        }
        self.open.removeAll()
    }

    private mutating func add(_ entry: SessionEntry) throws(JournalError) {
        let session = entry.session
        if case .opened(let dialect, let principal) = entry.event {
            guard self.header != nil else { throw JournalError("a line comes before the header") }
            self.sessionCount += 1
            self.open[session] = OpenSession(dialect: dialect, principal: principal)
            return
        }
        // What was opened before the journal begins, or where lines were lost, is not known.
        guard let principal = self.open[session]?.principal else { return }
        switch entry.event {
        case .opened: break
        case .became(let principal): self.open[session]?.principal = principal
        case .began(let number, let beginning):
            guard self.open[session]?.drafts[number] == nil else {
                throw JournalError("subscription \(number) begins twice")
            }
            self.open[session]?.drafts[number] = Draft(beginning: beginning)
            guard !beginning.waits else { return }
            self.run(
                .init(beginning.request.filter, of: principal, from: beginning.start), number,
                session)
        case .told(let number, let summing):
            try self.require(number, session, isRunning: false)
            // Of what was removed nobody can tell the same again.
            if summing.isPartial { self.noteGap(session) }
            self.run(
                .init(summing.filter, of: principal, opening: summing.kind, from: summing.end),
                number, session)
        case .sees(let number, let seeing):
            try self.require(number, session, isRunning: nil)
            self.close(number, of: session, at: seeing.start)
            guard !seeing.waits else { return }
            guard let start = seeing.start else { throw JournalError("nobody knows from where") }
            self.run(.init(seeing.filter, of: principal, from: start), number, session)
        case .ended(let number, _, let end):
            try self.require(number, session, isRunning: nil)
            self.close(number, of: session, at: end)
            self.finish(number, of: session)
        case .closed(_, let reached):
            for reached in reached where self.open[session]?.drafts[reached.subscription] != nil {
                self.close(reached.subscription, of: session, at: reached.offset)
            }
            for number in self.open[session]?.drafts.keys.sorted() ?? [] {
                self.finish(number, of: session)
            }
            self.open[session] = nil
        }
    }

    private func require(
        _ number: Int, _ session: UInt64, isRunning: Bool?
    ) throws(JournalError) {
        guard let draft = self.open[session]?.drafts[number] else {
            throw JournalError("there is no subscription \(number) in session \(session)")
        }
        if let isRunning, draft.isRunning != isRunning {
            throw JournalError("subscription \(number) of session \(session) does not wait")
        }
    }

    private mutating func run(
        _ piece: RecordedSubscription.Piece, _ number: Int, _ session: UInt64
    ) {
        self.open[session]?.drafts[number]?.pieces.append(piece)
        self.open[session]?.drafts[number]?.isRunning = true
    }

    /// Ends the last piece of a subscription at `end`; without one it was not told all of what it was told first, and is
    /// as if it had not been.
    private mutating func close(_ number: Int, of session: UInt64, at end: Offset?) {
        guard var draft = self.open[session]?.drafts[number], draft.isRunning,
            var piece = draft.pieces.popLast()
        else { return }
        draft.isRunning = false
        if let end {
            piece.end = max(piece.start, end)
            draft.pieces.append(piece)
        }
        self.open[session]?.drafts[number] = draft
    }

    private mutating func finish(_ number: Int, of session: UInt64) {
        guard let entry = self.open[session], let header, let draft = entry.drafts[number] else {
            return
        }
        self.open[session]?.drafts[number] = nil
        let name = SessionName(run: header.run, number: session)
        if entry.hasGap {
            self.unplayed.append(.init(session: name, number: number, reason: .gap))
            return
        }
        self.subscriptions.append(
            RecordedSubscription(
                session: name, number: number, id: draft.beginning.id, dialect: entry.dialect,
                form: draft.beginning.form, pieces: draft.pieces))
    }
}
