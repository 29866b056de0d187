package import LogModel

/// What a configuration says of clients of django-rest-live.
package struct RestLivePolicy: Hashable, Sendable {
    /// Whether a connection is closed for what the original was closed for, instead of ignoring that.
    package let isStrict: Bool
    /// Paths of WebSockets besides those that are always there.
    package let paths: [RestLivePath]

    /// The most paths.
    package static let pathsMax = 64
    /// The most names of a path.
    package static let namesMax = 1000

    /// Creates a policy. By default nothing is closed, and there are no other paths.
    package init(isStrict: Bool = false, paths: [RestLivePath] = []) {
        self.isStrict = isStrict
        self.paths = paths
    }

    /// The path that is configured as `path`, with or without a last slash; nil if there is none.
    package func path(_ path: String) -> RestLivePath? {
        self.paths.first { $0.path == RestLivePath.withoutLastSlash(path) }
    }

    /// What holds for a connection at `path`, or at one of those that are always there.
    package func options(at path: RestLivePath?) -> RestLiveOptions {
        RestLiveOptions(isStrict: self.isStrict, names: path?.names)
    }
}

/// A path of WebSockets of django-rest-live: one of its routers.
package struct RestLivePath: Hashable, Sendable {
    /// The path, without a last slash.
    package let path: String
    /// Who may connect. A rule about the principal alone; one about an instance admits nobody.
    package let who: Rule
    /// The models that there are at this path; nil if all are, by their labels.
    package let names: ModelNames?

    /// Creates a path.
    package init(path: String, who: Rule, names: ModelNames?) {
        self.path = Self.withoutLastSlash(path)
        self.who = who
        self.names = names
    }

    /// Whether `principal` may connect.
    package func admits(_ principal: Principal) -> Bool {
        self.who.alternatives(for: principal).contains([])
    }

    /// `path` as paths are compared.
    static func withoutLastSlash(_ path: String) -> String {
        path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}

/// What clients call models.
package struct ModelNames: Hashable, Sendable {
    /// By the name the label.
    package let labels: [Text: Text]
    private let names: [Text: Text]

    /// Creates the names of the models with these labels, of which none is there twice.
    package init(_ labels: [Text: Text]) {
        self.labels = labels
        self.names = Dictionary(labels.map { ($0.value, $0.key) }) { first, _ in first }
    }

    /// What clients call the model with this label; nil if nothing.
    package func name(of label: Text) -> Text? { self.names[label] }
}

/// What holds for one connection of a client of django-rest-live.
package struct RestLiveOptions: Hashable, Sendable {
    /// Whether it is closed for what the original was closed for.
    package let isStrict: Bool
    /// What it calls models; nil if by their labels.
    package let names: ModelNames?

    /// Creates options. By default nothing is closed, and models are called by their labels.
    package init(isStrict: Bool = false, names: ModelNames? = nil) {
        self.isStrict = isStrict
        self.names = names
    }

    /// The model that the client means by `name`; nil if it is none.
    package func label(of name: Text) -> Text? {
        guard let names else { return name }
        return names.labels[name]
    }

    /// What the client calls the model with this label, if not by that.
    package func name(of label: Text) -> Text? { self.names?.name(of: label) }
}
