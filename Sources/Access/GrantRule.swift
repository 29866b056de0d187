package import LogModel

/// Where the log itself says what principals may do: the instances of a model, each of which grants a value of a claim
/// to somebody.
///
/// With the model `lists.Membership`, the subject `user_id`, the value `list_id` and the claim `lists`, the instance
/// `{"id":7,"user_id":"ann","list_id":3}` adds 3 to the claim `lists` of whoever is `ann`, for as long as it exists.
/// So a change of rights is a change like any other: it takes effect after the batch that it is in.
package struct GrantRule: Hashable, Sendable {
    /// The model whose instances grant.
    package let model: Text
    /// The property that says to whom: a principal's subject. One of the model's groups.
    package let subject: Text
    /// The property whose value is granted. One of the model's groups.
    package let value: Text
    /// The claim that has it then, a list.
    package let claim: String

    /// Creates a rule.
    package init(model: Text, subject: Text, value: Text, claim: String) {
        self.model = model
        self.subject = subject
        self.value = value
        self.claim = claim
    }

    /// The instances that grant something to `principal`.
    package func filter(for principal: Principal) -> Filter {
        Filter(
            group: GroupKey(
                model: self.model, property: self.subject, value: .string(principal.subject)))
    }
}
