package import LogModel

/// Who may see and publish what: all that a configuration says of models.
package struct AccessPolicy: Sendable {
    /// The models by label.
    package let models: [Text: ModelPolicy]
    /// Whether everybody may see and publish everything of models that are not named.
    package let isOpen: Bool

    /// Creates the policy that names `models`.
    package init(models: [ModelPolicy] = [], isOpen: Bool) {
        self.models = Dictionary(models.map { ($0.model, $0) }) { $1 }
        self.isOpen = isOpen
    }

    /// Everybody may do everything.
    package static let open = AccessPolicy(isOpen: true)
}
