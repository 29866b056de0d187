package import LogModel

/// Who a connection is: nobody in particular, a user with claims, or a program with a key of its own.
package struct Principal: Hashable, Sendable {
    /// How it is known who this is.
    package enum Origin: Hashable, Sendable {
        /// It is not known.
        case anonymous
        /// By a signed token.
        case token
        /// By a key of the server's own.
        case apiKey
        /// The application was asked.
        case application
    }

    /// How it is known who this is.
    package let origin: Origin
    /// Who it is, the same for as long as they exist: a token's `sub`, a key's id. Empty if that is not known.
    package let subject: String
    /// What is known of them, by name.
    package let claims: [String: Claim]
    /// What they may do, as names.
    package let scopes: Set<String>
    /// Whether they belong to the staff.
    package let isStaff: Bool
    /// What an API key is for; nil for everybody else.
    package let grant: KeyGrant?
    /// When this is no longer known, in seconds since 1970-01-01T00:00:00Z; nil for never.
    package let expiry: Int64?
    /// What the log grants them besides, by the name of a claim; see ``GrantRule``.
    package private(set) var granted: [String: [Scalar]] = [:]

    /// Creates a principal.
    package init(
        origin: Origin, subject: String, claims: [String: Claim] = [:], scopes: Set<String> = [],
        isStaff: Bool = false, grant: KeyGrant? = nil, expiry: Int64? = nil
    ) {
        self.origin = origin
        self.subject = subject
        self.claims = claims
        self.scopes = scopes
        self.isStaff = isStaff
        self.grant = grant
        self.expiry = expiry
    }

    /// Nobody in particular.
    package static let anonymous = Principal(origin: .anonymous, subject: "")

    /// Whether it is no longer known who this is, at `now` in seconds since 1970-01-01T00:00:00Z.
    package func isExpired(at now: Int64) -> Bool { self.expiry.map { $0 <= now } ?? false }

    /// The same with what the log grants them, in place of what it did before.
    package func granting(_ granted: [String: [Scalar]]) -> Principal {
        var principal = self
        principal.granted = granted
        return principal
    }

    /// Whether both are one user, whatever else is known of them.
    package func isSame(as other: Principal) -> Bool {
        self.origin == other.origin && self.subject == other.subject
    }

    /// Whether it is known who this is.
    package var isAuthenticated: Bool { self.origin != .anonymous }

    /// What rules can know of them, as text that is another one for whoever something else is known of.
    ///
    /// Each part has its length before it, so that no two of them can be taken for others.
    package var identity: String {
        var text = ""
        func add(_ part: String) { text += "\(part.utf8.count):\(part)" }
        func add(_ claims: [String: Claim]) {
            for (name, claim) in claims.sorted(by: { $0.key < $1.key }) {
                add(name)
                switch claim {
                case .scalar: add("scalar")
                case .list(let values): add("\(values.count)")
                }
                for value in claim.values {
                    add("\(value.kind)")
                    add(value.text.string)
                }
            }
        }
        add("\(self.origin)")
        add(self.subject)
        add(self.isStaff ? "staff" : "")
        add("\(self.scopes.count)")
        for scope in self.scopes.sorted() { add(scope) }
        add("\(self.claims.count)")
        add(self.claims)
        add(self.granted.mapValues { .list($0) })
        return text
    }

    /// What is known of them by name, with what the log grants them among the values.
    package var allClaims: [String: Claim] {
        let names = Set(self.claims.keys).union(self.granted.keys)
        return Dictionary(
            uniqueKeysWithValues: names.compactMap { name in self.claim(name).map { (name, $0) } })
    }
}

/// What is known of a principal under one name.
package enum Claim: Hashable, Sendable {
    /// A value.
    case scalar(Scalar)
    /// A list of values.
    case list([Scalar])

    /// The values, of which a scalar is one.
    package var values: [Scalar] {
        switch self {
        case .scalar(let value): [value]
        case .list(let values): values
        }
    }
}

/// What an API key may do: everything that is named in all three.
package struct KeyGrant: Hashable, Sendable {
    /// What a key can be for.
    package enum Action: String, Hashable, Sendable, CaseIterable {
        /// Subscribe and read.
        case read
        /// Publish changes.
        case publish
        /// What the listener of operations has.
        case operate
    }

    /// What it is for.
    package let actions: Set<Action>
    /// For which models; nil for all.
    package let models: Set<Text>?

    /// Creates a grant.
    package init(actions: Set<Action>, models: Set<Text>? = nil) {
        self.actions = actions
        self.models = models
    }

    /// Whether it allows `action` on `model`.
    package func allows(_ action: Action, on model: Text) -> Bool {
        self.actions.contains(action) && self.models?.contains(model) ?? true
    }
}
