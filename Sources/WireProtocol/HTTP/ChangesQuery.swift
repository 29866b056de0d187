package import LogModel

/// `GET /v1/changes`: the parameters of its URL.
package struct ChangesQuery: Hashable, Sendable {
    /// What is wanted, from which place on.
    package var request: SubscriptionRequest
    /// How many records a page has at most, but for the rest of a batch.
    package var limit: Int
    /// For how many seconds the answer may wait for something to say.
    package var waitSeconds: Int

    /// The most records that a page may be asked for.
    package static let limitMax = 1000
    /// The longest wait.
    package static let waitSecondsMax = 30

    private static let limitDefault = 100

    /// A query for pages of the default length.
    package init(_ request: SubscriptionRequest) {
        self.request = request
        self.limit = Self.limitDefault
        self.waitSeconds = 0
    }

    /// Reads the query of a URL.
    ///
    /// - Parameters:
    ///   - form: what is answered; only pages have a length and wait.
    ///   - lastEventID: the value of the header `Last-Event-ID`, which has the last word on where a stream of
    ///     events begins.
    ///   - rules: what is configured of models, whose aliases stand for properties.
    package init(
        _ query: String, form: AcceptedForm, lastEventID: String? = nil, rules: ModelRules = .none
    ) throws(Problem) {
        let query = try ReadingQuery(query)
        let own: Set<String> = form == .json ? ["limit", "wait"] : []
        try query.checkOnce(own.sorted())
        do throws(RequestError) {
            self.request = try SubscriptionRequest(
                query: query.parameters, ignoring: own, rules: rules)
        } catch {
            throw Problem(error)
        }
        self.limit = Self.limitDefault
        self.waitSeconds = 0
        if form == .json {
            self.limit = try query.number(
                "limit", in: 1...Self.limitMax, default: Self.limitDefault)
            self.waitSeconds = try query.number(
                "wait", in: 0...Self.waitSecondsMax, default: 0)
        }
        guard form == .serverSentEvents, let lastEventID else { return }
        guard let token = ResumeToken(text: lastEventID) else {
            throw Problem(
                reading: "invalid-last-event-id",
                "Last-Event-ID must be the id of an event of this server")
        }
        self.request.start = .token(token)
    }

    /// The same, as far as `sight` goes.
    package func seen(by sight: Sight) -> ChangesQuery {
        var query = self
        query.request.filter = self.request.filter.seen(by: sight)
        return query
    }

    /// The path and query of the page that begins at `token`.
    package func page(from token: ResumeToken) -> String {
        var next = self.request
        next.start = .token(token)
        next.catchUp = .all
        next.budget = nil
        var parameters = next.query
        if self.limit != Self.limitDefault {
            parameters.append((name: "limit", value: String(self.limit)))
        }
        return "/v1/changes?" + URLText.query(parameters)
    }
}
