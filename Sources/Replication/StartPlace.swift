package import LogModel
package import LogStorage
package import Matching
package import WireProtocol

/// Why a subscription cannot begin where it asks to.
package struct StartRefusal: Error, Hashable, Sendable {
    /// The reason, for programs.
    package let reason: ResetReason
    /// What happened and what to do, for people.
    package let message: String
}

/// Decides where in a log a subscription begins.
package enum StartPlace {
    /// The first offset that a subscription to `predicate` gets, always between two batches. For a snapshot the
    /// place that it describes.
    package static func resolve(
        _ start: SubscriptionRequest.Start, _ predicate: Predicate, in log: ChangeLog
    ) throws(StartRefusal) -> Offset {
        let visible = log.watermarks.visible
        switch start {
        case .now, .snapshot: return visible
        case .start: return log.first
        case .token(let token):
            if let failure = log.refusal(of: token, groups: predicate.driver) {
                throw StartRefusal(
                    reason: ResetReason(failure),
                    message: failure.explanation(of: token, end: visible))
            }
            // A reader from whom nothing was removed goes on from what is kept.
            return max(token.next, log.first)
        case .offset(let offset):
            guard offset <= visible else {
                throw StartRefusal(
                    reason: .offsetAhead,
                    message:
                        "the log ends at offset \(visible), before offset \(offset): it is another log, or "
                        + "its end was lost; begin anew")
            }
            return try self.kept(offset, predicate, in: log)
        case .time(let time):
            guard let offset = try? log.offset(at: time) else { throw self.retained(in: log) }
            return try self.kept(offset, predicate, in: log)
        }
    }

    /// The beginning of the batch that `offset` is in, if nothing of the groups was removed from there on.
    private static func kept(
        _ offset: Offset, _ predicate: Predicate, in log: ChangeLog
    ) throws(StartRefusal) -> Offset {
        for hash in predicate.driver where offset < log.firstAvailable(of: hash) {
            throw self.retained(in: log)
        }
        let offset = max(offset, log.first)
        do throws(StorageError) {
            guard let extent = try log.extent(at: offset) else { return offset }
            return try extent.batch(of: offset).lowerBound
        } catch {
            throw self.retained(in: log)
        }
    }

    private static func retained(in log: ChangeLog) -> StartRefusal {
        StartRefusal(
            reason: .retained,
            message:
                "records that were asked for are no longer kept; the log begins at offset \(log.first): "
                + "begin anew from a snapshot")
    }
}

extension ResetReason {
    /// What a failure to resume is called on the wire.
    init(_ failure: ChangeLog.ResumeFailure) {
        switch failure {
        case .retained: self = .retained
        case .epoch: self = .epoch
        case .unknownToken: self = .unknownToken
        }
    }
}
