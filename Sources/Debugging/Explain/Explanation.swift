package import LogModel
package import LogStorage
package import WireProtocol

/// Why one client got, or did not get, one record: what a server decides, step by step and in its order.
///
/// The verdict is the matcher's. Each condition and rule is judged once more, in the plainest way, and where both do not
/// agree that is said: it is a fault of the server.
package struct Explanation: Sendable {
    /// The record.
    package let record: Record
    /// The client's dialect.
    package let dialect: Dialect
    /// The request as the server reads it; nil if it is refused.
    package let request: SubscriptionRequest?
    /// Whether the request is for one instance, which the server looks up.
    package let isRetrieved: Bool
    /// What the server answers if it refuses the request; nil if it does not, or if it says nothing.
    package let answer: String?
    /// Who may see what.
    package let permission: Permission
    /// How the record is found; nil if the request is refused.
    package let bucket: Bucket?
    /// What is asked of the instance, and whether it is so.
    package let conditions: [JudgedCondition]
    /// What the record did to the client's set, if the application allowed what it is asked; nil if it is no concern.
    package let change: SetChange?
    /// What is seen of the instance; nil if nothing is, or if the application decides.
    package let view: View?
    /// What the application is asked before anything is sent.
    package let questions: [RecordQuestion]
    /// Where the subscription begins.
    package let start: Start
    /// The message by which the record is sent, alone in its batch; nil if it is not sent, or if its token cannot be read.
    package let frame: String?
    /// The record in the form of `livelog.v1`, as it stands in messages and pages; nil if it is not sent.
    package let recordForm: String?
    /// What it comes to.
    package let verdict: Verdict
    /// Where the matcher, the predicate, the index and the judgement here do not agree. Each is a fault of the server.
    package let disagreements: [String]

    /// The record that is asked about.
    package struct Record: Sendable {
        /// Where it is.
        package let offset: Offset
        /// The batch that it is in.
        package let batch: Range<Offset>
        /// When it was appended, in microseconds since 1970.
        package let time: Int64
        /// The model's label.
        package let model: Text
        /// The primary key's value.
        package let key: Scalar
        /// What the producer did.
        package let action: Action
    }

    /// What it comes to.
    package enum Verdict: Hashable, Sendable {
        /// The record is sent, as having done this to the client's set.
        case delivered(SetChange, because: String)
        /// It is not.
        case notDelivered(because: String)
        /// That depends on what the application says.
        case depends(on: String)

        /// The verdict as a sentence.
        package var text: String {
            switch self {
            case .delivered(let change, let reason):
                "delivered as \(change.name), because \(reason)"
            case .notDelivered(let reason): "not delivered: \(reason)"
            case .depends(let reason): "depends on what the application says: \(reason)"
            }
        }
    }

    /// How a record is found by those who want it.
    package struct Bucket: Sendable {
        /// A group that leads to the subscription.
        package struct Group: Sendable {
            /// The group.
            package let group: GroupKey
            /// Its hash, the bucket's name.
            package let hash: UInt64
            /// What the record did to the group; nil if it does not carry it.
            package let membership: Membership?
        }

        /// How the filter is answered.
        package let plan: FilterPlan
        /// The groups that lead to the subscription: a record that carries none of them is never looked at for it.
        package let groups: [Group]
        /// Whether the matcher of live subscriptions finds it.
        package let isFound: Bool
        /// Whether the log's index leads to the record by one of the groups; nil if that would take long.
        package let isIndexed: Bool?
    }

    /// A condition that was asked for.
    package struct JudgedCondition: Sendable {
        /// The condition.
        package let condition: Condition
        /// Whether it is the one that leads to the record.
        package let isDriver: Bool
        /// The property's values just before the record; none if the record does not carry it.
        package let before: [Scalar]
        /// The property's values after it.
        package let after: [Scalar]
        /// Whether it held just before the record.
        package let held: Bool
        /// Whether it holds after it.
        package let holds: Bool
    }

    /// Where the subscription begins.
    package enum Start: Hashable, Sendable {
        /// With what comes after it was made, which is taken to have been before the record.
        case now
        /// At this offset.
        case offset(Offset)
        /// It cannot begin, for this reason.
        case refused(ResetReason, message: String)
        /// It is not known, as there is no subscription.
        case none
    }

    /// Why there is no explanation.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The log ends before that offset.
        case beyondEnd(Offset, end: Offset)
        /// Compaction has removed the record.
        case compacted(Offset)
        /// The record cannot be read.
        case storage(StorageError)

        /// What is wrong, for people.
        package var description: String {
            switch self {
            case .beyondEnd(let offset, let end):
                "there is no record at offset \(offset) yet: the log ends at offset \(end)"
            case .compacted(let offset):
                "the record at offset \(offset) was removed by compaction: a later record of its instance is kept"
            case .storage(let error): "\(error)"
            }
        }
    }
}
