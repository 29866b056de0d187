package import Access
import LogModel
import LogStorage
import Replication
import Sessions
import Synchronization
import WireProtocol

/// Who may do what, at this moment: what a configuration says, until another one takes its place.
///
/// Threads: any.
package final class AccessControl: Sendable {
    /// What a configuration says of access.
    package struct Rules: Sendable {
        /// Who may see and publish what.
        package var policy: AccessPolicy
        /// Finds out who a client is; nil if everybody is anonymous.
        package var authenticator: (any Authenticator)?
        /// Decides what the policy has questions about; nil if nobody does, and nothing of that is shown.
        package var decider: (any Decider)?
        /// Which pages may connect and publish.
        package var origins: OriginRules
        /// What clients of django-rest-live find when they connect.
        package var restLive: RestLivePolicy

        /// Creates the rules.
        package init(
            policy: AccessPolicy = .open, authenticator: (any Authenticator)? = nil,
            decider: (any Decider)? = nil, origins: OriginRules = OriginRules(),
            restLive: RestLivePolicy = RestLivePolicy()
        ) {
            self.policy = policy
            self.authenticator = authenticator
            self.decider = decider
            self.origins = origins
            self.restLive = restLive
        }
    }

    private let state: Mutex<Rules>
    private let observers = Mutex<[@Sendable (Rules) async -> Void]>([])

    /// Creates the control by which `rules` hold.
    package init(_ rules: Rules = Rules()) {
        self.state = Mutex(rules)
    }

    /// What holds now.
    package var rules: Rules { self.state.withLock { $0 } }

    /// Lets other rules hold from now on, for who comes and for who is there. Returns when they do.
    package func replace(_ rules: Rules) async {
        self.state.withLock { $0 = rules }
        for observer in self.observers.withLock({ $0 }) { await observer(rules) }
    }

    /// Calls `observer` with all rules that take the place of others.
    func observe(_ observer: @escaping @Sendable (Rules) async -> Void) {
        self.observers.withLock { $0.append(observer) }
    }

    /// What changes and requests are read by, as things are now.
    var modelRules: ModelRules { self.rules.policy.modelRules }

    /// `principal` as somebody who opens a session, which adds what `log` grants.
    func reader(_ principal: Principal) -> Reader {
        Reader(principal, under: self.rules.policy)
    }

    /// `principal` as somebody who reads, as things are now, with what `log` grants. Reads the log for the few whom it may
    /// grant something.
    func reader(_ principal: Principal, in log: ChangeLog) -> Reader {
        let policy = self.rules.policy
        guard policy.mayGrant(to: principal) else { return Reader(principal, under: policy) }
        return GrantReading(log).reader(principal, under: policy)
    }

    /// What `principal` may publish, as things are now, with what `log` grants.
    func publishing(by principal: Principal, in log: ChangeLog) -> PublishCheck {
        let reader = self.reader(principal, in: log)
        return PublishCheck(reader.principal, under: reader.policy)
    }

    /// Whether `principal`, who is connected, is still who they were.
    func isKnown(_ principal: Principal) -> Bool {
        guard principal.isAuthenticated, let authenticator = self.rules.authenticator else {
            return true
        }
        return authenticator.isKnown(principal)
    }

    /// Who has `credentials`. Throws a problem with the status 401, or 503 if nobody can say.
    @concurrent func principal(of credentials: Credentials) async throws(Problem) -> Principal {
        guard !credentials.isEmpty, let authenticator = self.rules.authenticator else {
            guard credentials.bearer == nil else {
                throw Problem(
                    AuthenticationError(
                        .notTrusted,
                        "this server is not configured to know anybody: connect without credentials, or "
                            + "configure tokens or api_keys"))
            }
            return .anonymous
        }
        do throws(AuthenticationError) {
            return try await authenticator.principal(of: credentials)
        } catch {
            throw Problem(error)
        }
    }
}

extension Problem {
    /// Credentials that are not accepted.
    init(_ error: AuthenticationError) {
        let isUnavailable = error.code == .unavailable
        self.init(
            status: isUnavailable ? 503 : 401, code: error.code.rawValue,
            title: isUnavailable ? "Nobody can say who you are" : "Not accepted",
            detail: error.message, retryAfter: isUnavailable ? 5 : nil)
    }

    /// What whoever may not ask for something is answered, whatever the reason.
    static let forbidden = Problem(
        status: 403, code: RequestErrorCode.forbidden.rawValue, title: "Not allowed",
        detail: Livelog1Error.forbiddenMessage)
}
