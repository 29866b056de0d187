import Access
import HTTPTypes
import Hummingbird
import HummingbirdCore
import LogModel
import LogStorage
import NIOCore
import Replication
import Sessions
import WireProtocol

/// `GET /v1/changes`: a page, or a stream of events or lines.
struct ChangesReadRoute: Sendable {
    let log: ChangeLog
    let hubs: EventLoopHubs
    let access: AccessControl
    let admission: Admission
    var pool: ReadingPool
    let large: LargeResponses
    let limits: ServerLimits

    /// Answers a request that came over `channel`; throws what is wrong with it.
    func respond(
        to request: Request, of principal: Principal, at client: ClientAddress,
        over channel: any Channel
    ) async throws(Problem) -> Response {
        guard let form = AcceptedForm(accept: request.headers[values: .accept]) else {
            throw Self.notAcceptable
        }
        let query = try ChangesQuery(
            request.uri.query ?? "", form: form, lastEventID: Self.lastEventID(of: request),
            rules: self.access.modelRules)
        let reader = try await self.pool.reader(principal, self.access, in: self.log)
        guard let seen = reader.filter(query.request.filter) else { throw .forbidden }
        switch form {
        case .json:
            return try await self.page(
                query.seen(by: seen.sight), request, reader, on: channel.eventLoop)
        case .serverSentEvents:
            return try await self.stream(
                query, .serverSentEvents, request, reader, at: client, over: channel)
        case .ndjson:
            return try await self.stream(
                query, .ndjson, request, reader, at: client, over: channel)
        }
    }

    // MARK: - Pages

    private func page(
        _ query: ChangesQuery, _ request: Request, _ asking: Reader, on eventLoop: any EventLoop
    ) async throws(Problem) -> Response {
        guard query.request.budget == nil else {
            throw Problem(
                reading: RequestErrorCode.invalidBudget.rawValue,
                "a page has a limit; a budget is for streams")
        }
        let reader = try await self.pool.admitting { () throws(Problem) in
            try await self.pool.read { () throws(Problem) in
                let reader = try ChangesReader(
                    query.request, in: self.log, allowsScans: self.limits.session.allowsScans,
                    by: self.hubs.desk.cache)
                try reader.checkSight(of: asking)
                return reader
            }
        }
        let changing: Response.Freshness = asking.isUnlimited ? .changing : .personal
        if reader.wantsNetChanges {
            return try await self.netChanges(reader, query, request, asking, changing)
        }
        var (body, page) = try await self.read(reader, query, for: asking)
        if page.count == 0, page.isAtEnd, query.waitSeconds > 0 {
            let hasMore = try await self.hubs.waitForMore(
                reader, from: page.next, seconds: query.waitSeconds, on: eventLoop)
            // Who waited may see less by now: then the answer is that of before, and the next request another one.
            let filter = query.request.filter
            let now = try await self.pool.reader(asking.principal, self.access, in: self.log)
            let isUnchanged = now.filter(filter) == filter
            if hasMore, isUnchanged {
                (body, page) = try await self.read(reader, query, for: asking)
            }
        }
        // Of a place that is not a token nobody can say whether it is still the same one.
        let isForEver =
            if case .token = query.request.start, asking.isUnlimited { page.isFull } else { false }
        return try .reading(
            body, isForEver ? .immutable : changing, of: request, within: self.large)
    }

    private func read(
        _ reader: ChangesReader, _ query: ChangesQuery, for asking: Reader
    ) async throws(Problem) -> (body: [UInt8], page: ChangePage) {
        try await self.pool.admitting { () throws(Problem) in
            try await self.pool.deciding(for: asking.principal, by: self.hubs.desk) {
                () throws(Problem) in
                try await self.pool.read { () throws(Problem) in
                    let made = try reader.page(query, limits: self.limits.changePage)
                    return (made, made.page.undecided)
                }
            }
        }
    }

    private func netChanges(
        _ reader: ChangesReader, _ query: ChangesQuery, _ request: Request, _ asking: Reader,
        _ freshness: Response.Freshness
    ) async throws(Problem) -> Response {
        let reading = reader.netChanges(limits: self.limits.state)
        let (records, token, isPartial) = try await self.pool.finish(
            reading, for: asking.principal, by: self.hubs.desk)
        let body = PageJSON.changes(
            records, token: token.text, next: query.page(from: token), isClosed: false,
            isPartial: isPartial)
        return try .reading(body, freshness, of: request, within: self.large)
    }

    // MARK: - Streams

    private func stream(
        _ query: ChangesQuery, _ dialect: Dialect, _ request: Request, _ asking: Reader,
        at client: ClientAddress, over channel: any Channel
    ) async throws(Problem) -> Response {
        let seats = try self.admission.enter(asking.principal, at: client)
        // Whether it can begin is decided before the response does.
        _ = try await self.pool.admitting { () throws(Problem) in
            try await self.pool.read { () throws(Problem) in
                try ChangesReader(
                    query.request, in: self.log, allowsScans: self.limits.session.allowsScans)
            }
        }
        let type =
            dialect == .serverSentEvents
            ? "text/event-stream; charset=utf-8" : AcceptedForm.ndjson.rawValue
        let body = ResponseBody { writer in
            defer { withExtendedLifetime(seats) {} }
            let stream = OutboundStream(
                hubs: self.hubs, channel: channel, dialect: dialect, principal: asking.principal,
                access: self.access,
                request: query.request)
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await stream.run(&writer)
            }
        }
        var headers: HTTPFields = [
            .contentType: type, .cacheControl: "no-store", .vary: "Accept",
        ]
        // Proxies of the nginx kind collect what they pass on unless they are told not to.
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        return Response(status: .ok, headers: headers, body: body)
    }

    private static func lastEventID(of request: Request) -> String? {
        HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
    }

    private static let notAcceptable = Problem(
        status: 406, code: "not-acceptable", title: "Not acceptable",
        detail: "changes are there as "
            + AcceptedForm.allCases.map(\.rawValue).joined(separator: ", "))
}
