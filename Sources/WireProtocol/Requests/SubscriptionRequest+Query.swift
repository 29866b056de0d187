package import LogModel

extension SubscriptionRequest {
    private static let parameters = ["model", "where", "from", "catchUp", "budget"]

    /// Reads the query of a URL: `model=M&where=list_id=42&where=done=false&from=start`.
    ///
    /// - Parameters:
    ///   - query: the parameters in their order, without percent-encoding.
    ///   - ignoring: names of parameters that are somebody else's.
    ///   - rules: what is configured of models, whose aliases stand for properties.
    package init(
        query: [(name: String, value: String)], ignoring: Set<String> = [],
        limits: RequestLimits = .default, rules: ModelRules = .none
    ) throws(RequestError) {
        var model: Text?
        var filter = FilterBuilder(limits: limits, rules: rules)
        var seen: Set<String> = []
        self.init(filter: Filter(model: ""))
        for (name, value) in query where !ignoring.contains(name) {
            guard Self.parameters.contains(name) else {
                let others = ignoring.subtracting(Self.parameters).sorted()
                throw RequestError(
                    code: .unknownParameter, member: name,
                    message: "\(RequestError.excerpt(name)) is not a parameter here; there are "
                        + (Self.parameters + others).joined(separator: ", "))
            }
            guard seen.insert(name).inserted || name == "where" else {
                throw RequestError(
                    code: .duplicateParameter, member: name,
                    message: "\(name) is given twice; only where can be")
            }
            switch name {
            case "model": model = try Self.model(Array(value.utf8), limits)
            case "where":
                let expression = try FilterExpression(value, limits: limits)
                try filter.add(
                    expression.condition.property, expression.condition.test,
                    by: expression.operatorText)
            case "from": self.start = try Start(query: value)
            case "catchUp": self.catchUp = try CatchUp(request: value)
            default: self.budget = try Self.budget(UInt64(digits: value), limits)
            }
        }
        guard let model else { throw .missingModel }
        self.filter = try filter.filter(of: model)
    }

    /// The query that is read as this request, without percent-encoding. What is the default is left out.
    package var query: [(name: String, value: String)] {
        var query = [(name: "model", value: self.filter.model.string)]
        for condition in self.filter.conditions {
            query += FilterExpression.texts(of: condition).map { (name: "where", value: $0) }
        }
        if self.start != .now { query.append((name: "from", value: self.start.queryText)) }
        if self.catchUp != .all {
            query.append((name: "catchUp", value: self.catchUp.rawValue))
        }
        if let budget { query.append((name: "budget", value: String(budget))) }
        return query
    }
}

extension SubscriptionRequest.Start {
    /// Reads a place as it is written in a URL or on a command line: `now`, `start`, `snapshot`, a token, an
    /// offset, or a time of RFC 3339.
    package init(query text: String) throws(RequestError) {
        if let start = Self(word: text) {
            self = start
        } else if let offset = UInt64(digits: text) {
            self = .offset(Offset(offset))
        } else if let time = RFC3339.microseconds(text) {
            self = .time(time)
        } else {
            throw RequestError(
                code: .invalidFrom, member: "from",
                message:
                    "from must be now, start, snapshot, a token that this server has given, an "
                    + "offset (digits), or a time like 2026-11-23T10:00:00Z (RFC 3339; in a URL a + "
                    + "is written %2B)")
        }
    }

    /// The place as it is written in a URL or on a command line.
    package var queryText: String {
        switch self {
        case .now: "now"
        case .start: "start"
        case .snapshot: "snapshot"
        case .token(let token): token.text
        case .offset(let offset): String(offset.rawValue)
        case .time(let time): RFC3339.text(time)
        }
    }
}

extension UInt64 {
    /// Reads decimal digits, and nothing but digits.
    fileprivate init?(digits: String) {
        guard !digits.isEmpty,
            digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        else { return nil }
        self.init(digits)
    }
}
