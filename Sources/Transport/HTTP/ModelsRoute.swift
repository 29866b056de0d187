import Access
import HTTPTypes
import Hummingbird
import HummingbirdCore
import LogModel
import LogStorage
import Replication
import Sessions
import WireProtocol

/// `GET /v1/models/…`: what instances and groups are, and were.
struct ModelsRoute: Sendable {
    let log: ChangeLog
    let access: AccessControl
    let desk: DecisionDesk
    var pool: ReadingPool
    let large: LargeResponses
    let limits: ServerLimits

    /// Answers a request; throws what is wrong with it. Nil if there is nothing at such a path.
    func respond(
        to request: Request, of principal: Principal
    ) async throws(Problem) -> Response? {
        guard
            let query = try ModelsQuery(
                path: request.uri.path, query: request.uri.query ?? "",
                rules: self.access.modelRules)
        else { return nil }
        let reader = try await self.pool.reader(principal, self.access, in: self.log)
        guard let seen = reader.filter(query.filter) else { throw .forbidden }
        let body =
            switch query {
            case .group(_, let place): try await self.group(seen, at: place, for: reader)
            case .instance(_, let key, let place):
                try await self.instance(seen, key, at: place, for: reader)
            case .history(_, let key, let start, let limit):
                try await self.history(seen, key, from: start, limit: limit, for: reader)
            }
        return try .reading(
            body, reader.isUnlimited ? .changing : .personal, of: request, within: self.large)
    }

    private func group(
        _ filter: Filter, at place: ModelsQuery.Place, for reader: Reader
    ) async throws(Problem) -> [UInt8] {
        let reading = try await self.read { () throws(Problem) in
            try StateReading(
                of: filter, at: place, in: self.log,
                allowsScans: self.limits.session.allowsScans, limits: self.limits.state,
                by: self.desk.cache)
        }
        let (records, token, isPartial) = try await self.pool.finish(
            reading, for: reader.principal, by: self.desk)
        let following = ChangesQuery(SubscriptionRequest(filter: filter))
        return PageJSON.state(
            records, token: token.text, next: following.page(from: token), isPartial: isPartial)
    }

    private func instance(
        _ seen: Filter, _ key: Text, at place: ModelsQuery.Place, for reader: Reader
    ) async throws(Problem) -> [UInt8] {
        let model = seen.model
        let state = try await self.readInstance(seen, key, for: reader) {
            (instance: inout InstanceReader) throws(Problem) in try instance.state(at: place)
        }
        switch state {
        case .alive(_, let json): return json + [UInt8(ascii: "\n")]
        case .unknown:
            throw Self.notFound(
                "unknown-instance", "the log has no record of \(model) \(key) at that place")
        case .deleted(let offset):
            throw Self.notFound(
                "deleted-instance", "\(model) \(key) was deleted by the record at offset \(offset)")
        }
    }

    private func history(
        _ seen: Filter, _ key: Text, from start: Offset, limit: Int, for reader: Reader
    ) async throws(Problem) -> [UInt8] {
        let model = seen.model
        let history = try await self.readInstance(seen, key, for: reader) {
            (instance: inout InstanceReader) throws(Problem) in
            try instance.part(from: start, limit: limit)
        }
        if history.count == 0, history.next == nil, start == .zero {
            throw Self.notFound("unknown-instance", "the log has no record of \(model) \(key)")
        }
        let next = history.next.map {
            ModelsQuery.historyPath(model: model, key: key, from: $0, limit: limit)
        }
        return PageJSON.history(history.records, next: next, isPartial: history.isPartial)
    }

    /// Reads of an instance when all is decided that has to be.
    private func readInstance<Result: Sendable>(
        _ seen: Filter, _ key: Text, for reader: Reader,
        _ body: @escaping @Sendable (inout InstanceReader) throws(Problem) -> Result
    ) async throws(Problem) -> Result {
        try await self.pool.admitting { () throws(Problem) in
            try await self.pool.deciding(for: reader.principal, by: self.desk) {
                () throws(Problem) in
                try await self.pool.read { () throws(Problem) in
                    var instance = InstanceReader(
                        model: seen.model, key: key, seenBy: seen.sight, in: self.log,
                        by: self.desk.cache)
                    return (try body(&instance), instance.undecided)
                }
            }
        }
    }

    private func read<Result: Sendable>(
        _ body: @escaping @Sendable () throws(Problem) -> Result
    ) async throws(Problem) -> Result {
        try await self.pool.admitting { () throws(Problem) in try await self.pool.read(body) }
    }

    private static func notFound(_ code: String, _ detail: String) -> Problem {
        Problem(status: 404, code: code, title: "Not found", detail: detail)
    }
}
