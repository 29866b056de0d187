/// What can be wrong with a request for records. The raw values are part of the protocol.
package enum RequestErrorCode: String, Hashable, Sendable, CaseIterable {
    /// A binary frame.
    case notText = "not-text"
    /// Neither `subscribe` nor `unsubscribe`.
    case unknownMessage = "unknown-message"
    /// The message has a member that it cannot have.
    case unknownMember = "unknown-member"
    /// The URL has a parameter that it cannot have.
    case unknownParameter = "unknown-parameter"
    /// The URL has a parameter twice that it can have once.
    case duplicateParameter = "duplicate-parameter"
    /// A subscription's number is none.
    case invalidID = "invalid-id"
    /// The number is that of a subscription that is not over.
    case duplicateSubscription = "duplicate-subscription"
    /// The number is not that of a subscription.
    case unknownSubscription = "unknown-subscription"
    /// The session has as many subscriptions as it may.
    case tooManySubscriptions = "too-many-subscriptions"
    /// There is no `model`.
    case missingModel = "missing-model"
    /// `model` is not a model's label.
    case invalidModel = "invalid-model"
    /// `where` is not conditions.
    case invalidFilter = "invalid-filter"
    /// A condition has an operator that does not exist.
    case unknownOperator = "unknown-operator"
    /// A filter has too many conditions or values, or too long ones.
    case filterTooLarge = "filter-too-large"
    /// `from` is no place.
    case invalidFrom = "invalid-from"
    /// `catchUp` is no way to catch up.
    case invalidCatchUp = "invalid-catch-up"
    /// `budget` is out of range.
    case invalidBudget = "invalid-budget"
    /// No condition of the filter can be looked up, and the server does not look at every record of a model.
    case unindexed = "unindexed"
    /// Nobody has this model, or whoever asks may not see it, or not by this filter.
    case forbidden = "forbidden"
    /// The token is none, or not accepted.
    case unauthenticated = "unauthenticated"
}

/// Why a request for records was refused.
package struct RequestError: Error, Hashable, Sendable {
    /// The kind of fault, for programs.
    package let code: RequestErrorCode
    /// What is wrong and what is right, for people. Names the member.
    package let message: String
    /// The member of the message, or the parameter of the URL, that is wrong.
    package let member: String

    /// Creates an error.
    package init(code: RequestErrorCode, member: String, message: String) {
        self.code = code
        self.member = member
        self.message = message
    }
}

extension RequestError {
    /// A text of the client's in quotes, cut off where it becomes long.
    static func excerpt(_ text: String) -> String {
        let countMax = 40
        let start = text.unicodeScalars.prefix(countMax)
        return start.endIndex == text.endIndex ? "\"\(text)\"" : "\"\(String(start))…\""
    }
}
