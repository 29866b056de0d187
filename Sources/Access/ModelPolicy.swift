package import LogModel

/// What a model's instances are, and who may see and publish them.
package struct ModelPolicy: Hashable, Sendable {
    /// A view and whom it is for.
    package struct ViewRule: Hashable, Sendable {
        /// What is seen.
        package let view: View
        /// By whom.
        package let rule: Rule
        /// The name of what the application has to allow besides, of each instance; nil if it is not asked.
        package let question: String?

        /// Creates a view's rule.
        package init(view: View, rule: Rule, question: String? = nil) {
            self.view = view
            self.rule = rule
            self.question = question
        }
    }

    /// The model's label.
    package let model: Text
    /// The property that is the primary key.
    package let key: Text
    /// The properties by which whoever sees something of the model can ask for it, though their views do not show
    /// them. Besides them only the key and what rules name is recorded. Nil if every scalar property is recorded, and
    /// asked for by whom it is shown to.
    package let groups: [Text]?
    /// Other names by which clients ask for a property, and the property.
    package var aliases: [Text: Text]
    /// The property by which clients of rest-live 2 look up an instance; nil for the key. Like the key it is told of an
    /// instance that is not seen any more.
    package var lookup: Text?
    /// The views in order: the first whose rule admits a principal and an instance says what is seen.
    package let views: [ViewRule]
    /// Who may publish changes.
    package let publish: Rule

    /// Creates a policy.
    package init(
        model: Text, key: Text = ModelRules.defaultKey, groups: [Text]? = nil,
        aliases: [Text: Text] = [:], lookup: Text? = nil, views: [ViewRule], publish: Rule
    ) {
        self.model = model
        self.key = key
        self.groups = groups
        self.aliases = aliases
        self.lookup = lookup == key ? nil : lookup
        self.views = views
        self.publish = publish
    }
}
