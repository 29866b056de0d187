package import Access
package import LogModel
package import LogStorage
package import Matching
package import WireProtocol

/// A reader that asks for the changes of a set over HTTP: where it begins, and whether it may.
///
/// Making one and all calls may block for reads of the log: not for event loops.
package struct ChangesReader: Sendable {
    /// What it wants.
    package let predicate: Predicate
    /// The first offset that it gets; for a snapshot the offset before which that is the state.
    package let start: Offset
    private let request: SubscriptionRequest
    private let log: ChangeLog
    private let decisions: DecisionCache

    /// Decides where `request` begins.
    ///
    /// Throws a problem with the status 410 if it cannot begin there, and 400 if only a look at every record of the
    /// model could answer it, and that is not allowed.
    package init(
        _ request: SubscriptionRequest, in log: ChangeLog, allowsScans: Bool,
        by decisions: DecisionCache = DecisionCache()
    ) throws(Problem) {
        self.log = log
        self.decisions = decisions
        self.request = request
        self.predicate = try Predicate(reading: request.filter, in: log, allowsScans: allowsScans)
        do throws(StartRefusal) {
            self.start = try StartPlace.resolve(request.start, self.predicate, in: log)
        } catch {
            throw Problem(error.reason, message: error.message)
        }
    }

    /// Throws a problem with the status 410 if `reader` saw something else where a token of theirs was made, because the
    /// log granted something since, or took it away: then what follows does not say what came and went with it.
    package func checkSight(of reader: Reader) throws(Problem) {
        guard case .token = self.request.start else { return }
        let visible = self.log.watermarks.visible
        do throws(GrantReading.Failure) {
            let before = try GrantReading(self.log).sight(
                on: self.request.filter, of: reader, at: self.start, before: visible)
            if before == nil { return }
        } catch {
            // What was seen then is not known: perhaps something else.
        }
        throw Problem(
            .accessChanged,
            message: "what you may see has changed since: begin anew from a snapshot")
    }

    /// Whether the answer is what happened on the whole, and not record by record.
    package var wantsNetChanges: Bool {
        self.request.start == .snapshot || self.request.catchUp == .latest
    }

    /// The page of records that begins at ``start``, as the body of a response, and what is known of it: also that
    /// something has to be decided first.
    package func page(
        _ query: ChangesQuery, limits: ChangePage.Limits
    ) throws(Problem) -> (body: [UInt8], page: ChangePage) {
        do throws(StorageError) {
            var limits = limits
            limits.recordsMax = query.limit
            let page = try ChangePage(
                of: self.predicate, in: self.log, from: self.start, limits: limits,
                by: self.decisions)
            let token = try self.log.token(at: page.next)
            let body = PageJSON.changes(
                page.records, token: token.text, next: query.page(from: token),
                isClosed: page.isFull)
            return (body, page)
        } catch {
            throw Problem(reading: error)
        }
    }

    /// The net changes from ``start`` on, or the set itself, to be made in steps.
    package func netChanges(limits: StateReading.Limits) -> StateReading {
        let isSet = self.request.start == .snapshot || self.request.start == .start
        return StateReading(
            of: self.predicate, in: self.log, from: isSet ? .zero : self.start,
            to: self.log.watermarks.visible, limits: limits, by: self.decisions)
    }
}

extension Predicate {
    /// Makes ready the filter of somebody who reads.
    init(reading filter: Filter, in log: ChangeLog, allowsScans: Bool) throws(Problem) {
        self.init(filter, hasher: log.hasher) { log.rarity(of: $0) }
        guard self.plan != .scan || allowsScans else {
            throw Problem(
                RequestError(
                    code: .unindexed, member: "where",
                    message:
                        "no condition of this filter can be looked up, and the server does not look at "
                        + "every record of a model: add an equality or a list (in)"))
        }
    }
}

extension Problem {
    /// A read that failed.
    init(reading error: StorageError) {
        switch error.code {
        case .retained: self.init(.retained, message: error.message)
        case .corrupt:
            self.init(
                status: 500, code: error.code.rawValue, title: "A record is damaged",
                detail: error.message)
        default:
            self.init(
                status: 503, code: error.code.rawValue, title: "The log cannot be read",
                detail: error.message)
        }
    }
}
