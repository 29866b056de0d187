package import LogModel

/// `GET /v1/models/…`: the path and the parameters of its URL.
package enum ModelsQuery: Hashable, Sendable {
    /// The place whose state is wanted.
    package enum Place: Hashable, Sendable {
        /// The end of the log.
        case now
        /// Before the record at this offset.
        case offset(Offset)
        /// Before the first record that has this time or a later one, in microseconds since 1970.
        case time(Int64)
    }

    /// The instances that a filter wants: `/v1/models/M?where=…`.
    case group(Filter, at: Place)
    /// An instance: `/v1/models/M/KEY`.
    case instance(model: Text, key: Text, at: Place)
    /// What happened to an instance, from an offset on: `/v1/models/M/KEY/history`.
    case history(model: Text, key: Text, from: Offset, limit: Int)

    /// The instances that it is about, among others.
    package var filter: Filter {
        switch self {
        case .group(let filter, _): filter
        case .instance(let model, _, _), .history(let model, _, _, _): Filter(model: model)
        }
    }

    /// Reads the path and the query of a URL. Nil if there is nothing at such a path.
    ///
    /// - Parameter rules: what is configured of models, whose aliases stand for properties.
    package init?(
        path: String, query: String, rules: ModelRules = .none
    ) throws(Problem) {
        guard let parts = URLText.parts(ofPath: path) else {
            throw Problem(reading: "invalid-url", "the path is not percent-encoded UTF-8")
        }
        guard parts.count >= 3, parts[0] == "v1", parts[1] == "models" else { return nil }
        let modelMax = RequestLimits.default.modelBytesMax
        guard (1...modelMax).contains(parts[2].utf8.count) else {
            throw Problem(reading: "invalid-model", "a model's label has 1 to \(modelMax) bytes")
        }
        let model = Text(parts[2])
        let query = try ReadingQuery(query)
        switch parts.count {
        case 3:
            try query.check(names: ["where", "at"], repeatable: ["where"])
            self = .group(try query.filter(of: parts[2], rules), at: try query.place())
        case 4:
            try query.check(names: ["at"])
            self = .instance(model: model, key: Text(parts[3]), at: try query.place())
        case 5 where parts[4] == "history":
            try query.check(names: ["from", "limit"])
            let start = try query.number("from", in: 0...Int.max, default: 0)
            self = .history(
                model: model, key: Text(parts[3]), from: Offset(UInt64(start)),
                limit: try query.number("limit", in: 1...ChangesQuery.limitMax, default: 100))
        default: return nil
        }
    }

    /// The path and query of the part of a history that begins at `start`.
    package static func historyPath(
        model: Text, key: Text, from start: Offset, limit: Int
    ) -> String {
        let path = [model, key].map { URLText.encoded($0.string) }.joined(separator: "/")
        return "/v1/models/\(path)/history?from=\(start)" + (limit == 100 ? "" : "&limit=\(limit)")
    }
}

extension ReadingQuery {
    fileprivate func filter(
        of model: String, _ rules: ModelRules
    ) throws(Problem) -> Filter {
        do throws(RequestError) {
            let conditions = self.parameters.filter { $0.name == "where" }
            return try SubscriptionRequest(
                query: [(name: "model", value: model)] + conditions, rules: rules
            ).filter
        } catch {
            throw Problem(error)
        }
    }

    fileprivate func place() throws(Problem) -> ModelsQuery.Place {
        guard let text = self.value("at") else { return .now }
        // Of the places where a subscription can begin these two are those that stay.
        switch try? SubscriptionRequest.Start(query: text) {
        case .offset(let offset): return .offset(offset)
        case .time(let time): return .time(time)
        default:
            throw Problem(
                reading: "invalid-at",
                "at must be an offset (digits) or a time like 2026-11-23T10:00:00Z (RFC 3339; in a URL "
                    + "a + is written %2B)")
        }
    }
}
