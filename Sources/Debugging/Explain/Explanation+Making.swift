package import Access
import LogFormat
package import LogModel
package import LogStorage
import Matching
import Replication
import Sessions
import WireProtocol

extension Explanation {
    /// As of which place the log grants rights.
    package enum Rights: String, Hashable, Sendable, CaseIterable {
        /// Just before the record's batch: as the server saw it then.
        case then
        /// At the log's end.
        case now
    }

    /// Explains what the client that sent `message` gets of the record at `offset`. Takes a few looks at the log's indexes
    /// and records, and as many as grant something to the principal.
    ///
    /// - Parameters:
    ///   - reader: who the client is, and what is configured.
    ///   - decide: what the application says; nil if that is not known.
    /// - Throws: the record cannot be read.
    package init(
        of offset: Offset, for message: SubscriptionMessage, by reader: Reader, in log: ChangeLog,
        rights: Rights = .then, decide: (RecordQuestion) -> Decision? = { _ in nil }
    ) throws(Failure) {
        let visible = log.watermarks.visible
        guard offset < visible else { throw .beyondEnd(offset, end: visible) }
        do throws(StorageError) {
            if let extent = try log.extent(at: offset) {
                let batch = try extent.batch(of: offset)
                let asked = AskedSubscription(
                    message, by: reader, in: log,
                    grantedBefore: rights == .then ? batch.lowerBound : visible)
                // Another record of the batch may be damaged.
                let token = try? log.token(at: batch.upperBound)
                let observed = try extent.segment.withRecord(at: offset) { record in
                    Observation(
                        of: record, in: batch, asked, message.dialect, token: token, decide)
                }
                if let observed {
                    self.init(observed, asked, message, log, extent)
                    return
                }
            }
        } catch {
            throw .storage(error)
        }
        throw .compacted(offset)
    }

    private init(
        _ observed: Observation, _ asked: AskedSubscription, _ message: SubscriptionMessage,
        _ log: ChangeLog, _ extent: SegmentExtent
    ) {
        self.record = observed.record
        self.dialect = message.dialect
        var disagreements = observed.disagreements
        switch asked.outcome {
        case .refused(let answer):
            let parsed = Self.request(message, asked.reader)
            let permission = Permission(asked, parsed?.filter, observed.values)
            self.request = parsed
            self.isRetrieved = false
            self.answer = answer
            self.permission = permission
            self.bucket = nil
            self.conditions = []
            self.start = .none
            if parsed != nil, permission.refusal == nil {
                disagreements.append(
                    "the server refuses the request, and nothing is found that speaks against it")
            }
            let reason =
                permission.refusal.map { "the server refuses the request, as \($0)" }
                ?? (answer == nil
                    ? "the server ignores the request, as clients of this dialect know no answers"
                    : "the server refuses the request")
            self.verdict = .notDelivered(because: reason)
        case .made(let made):
            self.request = made.request
            self.isRetrieved = made.isRetrieved
            self.answer = nil
            let bucket = Bucket(made.predicate, observed, log, extent)
            let permission = Permission(asked, made.request.filter, observed.values)
            let start = Start(made.request.start, made.predicate, log)
            let conditions = Self.conditions(made.predicate, bucket, observed.values)
            self.permission = permission
            self.bucket = bucket
            self.start = start
            self.conditions = conditions
            if message.dialect == .livelog1, let refusal = permission.refusal {
                disagreements.append("the server takes the request, though \(refusal)")
            }
            let judged = Judgement(observed, permission, conditions)
            disagreements += judged.disagreements(with: observed, bucket)
            self.verdict = judged.verdict(of: observed, start, made)
        }
        self.change = observed.change
        self.questions = observed.questions
        self.disagreements = disagreements
        if case .delivered = self.verdict {
            self.view = observed.view
            self.frame = observed.frame
            self.recordForm = observed.recordForm
        } else {
            self.view = nil
            self.frame = nil
            self.recordForm = nil
        }
    }

    /// What the client of `livelog.v1` asks for, whether it may or not; nil if that cannot be read.
    private static func request(
        _ message: SubscriptionMessage, _ reader: Reader
    ) -> SubscriptionRequest? {
        guard message.dialect == .livelog1,
            let request = try? Livelog1Request(message.bytes, rules: reader.policy.modelRules),
            case .subscribe(_, let subscription) = request
        else { return nil }
        return subscription
    }

    private static func conditions(
        _ predicate: Predicate, _ bucket: Bucket, _ values: RecordValues
    ) -> [JudgedCondition] {
        predicate.filter.conditions.map { condition in
            let isOfModel = values.model == predicate.filter.model
            return JudgedCondition(
                condition: condition,
                isDriver: bucket.groups.first?.group.property == condition.property
                    && condition.isList,
                before: isOfModel ? values.values(of: condition.property, .before) : [],
                after: isOfModel ? values.values(of: condition.property, .after) : [],
                held: isOfModel && values.fulfil(condition, .before),
                holds: isOfModel && values.fulfil(condition, .after))
        }
    }
}

extension Condition {
    /// Whether an index answers it.
    var isList: Bool {
        if case .isIn = self.test { true } else { false }
    }
}

extension Explanation.Start {
    fileprivate init(
        _ start: SubscriptionRequest.Start, _ predicate: Predicate, _ log: ChangeLog
    ) {
        switch start {
        // Of who began at some other time nobody knows when.
        case .now, .snapshot: self = .now
        case .start, .token, .offset, .time:
            do throws(StartRefusal) {
                self = .offset(try StartPlace.resolve(start, predicate, in: log))
            } catch {
                self = .refused(error.reason, message: error.message)
            }
        }
    }
}

extension Explanation.Bucket {
    /// The most steps along a thread of a segment that is not sealed.
    private static let stepsMax = 10_000

    fileprivate init(
        _ predicate: Predicate, _ observed: Observation, _ log: ChangeLog, _ extent: SegmentExtent
    ) {
        self.plan = predicate.plan
        self.groups = Self.driver(of: predicate, log).map { group in
            Group(
                group: group, hash: log.hasher.groupHash(group),
                membership: observed.values.membership(in: group))
        }
        self.isFound = observed.matched != nil
        let carried = self.groups.first { $0.membership != nil }
        self.isIndexed =
            carried.map {
                Self.isIndexed($0.hash, observed.record.offset, extent)
            } ?? false
    }

    /// The groups whose hashes lead to the predicate's records.
    private static func driver(of predicate: Predicate, _ log: ChangeLog) -> [GroupKey] {
        let hashes = Set(predicate.driver)
        let filter = predicate.filter
        for condition in filter.conditions + filter.conjunction {
            guard case .isIn(let values) = condition.test else { continue }
            let groups = values.map {
                GroupKey(model: filter.model, property: condition.property, value: $0)
            }
            if Set(groups.map { log.hasher.groupHash($0) }) == hashes { return groups }
        }
        return [GroupKey(model: filter.model)]
    }

    private static func isIndexed(
        _ hash: UInt64, _ offset: Offset, _ extent: SegmentExtent
    ) -> Bool? {
        if extent.isGrowing {
            let found = try? extent.thread(of: hash, downTo: offset, stepsMax: Self.stepsMax)
            return (found ?? nil).map { $0.first == offset }
        }
        return (try? extent.postings(of: hash, from: offset, limit: 1)).map { $0.first == offset }
    }
}

extension RecordValues {
    /// What the record did to `group`; nil if it does not carry it.
    func membership(in group: GroupKey) -> Membership? {
        guard group.model == self.model else { return nil }
        return self.entries.first {
            $0.property == group.property && $0.value.isSameGroupValue(as: group.value)
        }?.membership
    }
}
