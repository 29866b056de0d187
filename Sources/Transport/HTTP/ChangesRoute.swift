import Access
import HTTPTypes
import Hummingbird
import HummingbirdCore
import LogModel
import LogStorage
import NIOCore
import Replication
import WireProtocol

/// `POST /v1/changes`: reads changes, waits until they are in the log, and answers with the receipt.
struct ChangesRoute: Sendable {
    let log: ChangeLog
    let queue: IngressQueue
    let access: AccessControl
    let admission: Admission
    let limits: ServerLimits
    private let readers: ReaderPool
    private let bodies: BodyCollector
    private let budget: ByteBudget

    init(
        log: ChangeLog, queue: IngressQueue, access: AccessControl, admission: Admission,
        limits: ServerLimits
    ) {
        self.log = log
        self.admission = admission
        self.queue = queue
        self.access = access
        self.limits = limits
        self.readers = ReaderPool(limits: limits.changes)
        self.bodies = BodyCollector(
            byteCountMax: limits.bodyByteCountMax, pace: limits.bodyPace)
        self.budget = ByteBudget(limits.bodiesByteCountMax)
    }

    /// Answers a request; throws what is wrong with it.
    func respond(
        to request: Request, of principal: Principal, at client: ClientAddress
    ) async throws(Problem) -> Response {
        let receipt = try await self.append(request, of: principal, at: client)
        return Response.json(.ok, "application/json", receipt.json)
    }

    private func append(
        _ request: Request, of principal: Principal, at client: ClientAddress
    ) async throws(Problem) -> Receipt {
        let form = try Self.form(of: request)
        let producer = try RequestIdentity.producer(of: request.headers, principal)
        try self.admission.publish(of: principal, at: client)
        // Held until the changes are appended, or refused.
        let share = ByteBudget.Share(of: self.budget)
        defer { withExtendedLifetime(share) {} }
        let body = try await self.bodies.collect(request, within: share)
        // What can be repeated must be repeated whole, so it is one batch.
        let batching: Batching = producer == nil ? .bySize : .atomic
        let check = self.access.publishing(by: principal, in: self.log)
        let changes: Changes
        do throws(ChangeError) {
            changes = try self.readers.read(
                body, as: form, batching: batching, rules: check.rules)
        } catch {
            throw Problem(error)
        }
        let conditions: BeforeConditions?
        switch check.decide(about: changes) {
        case .allowed(let asked): conditions = asked
        case .forbidden(let index): throw Problem(forbidden: index, of: changes)
        }
        self.admission.charge(
            principal, at: client, records: changes.list.count, bytes: share.count)
        switch await self.submit(changes, producer, if: conditions) {
        case .success(.appended(let receipt)): return receipt
        case .success(.refused(let error, let appended)):
            throw Problem(error, appended: appended)
        case .failure(let refusal): throw Problem(refusal)
        }
    }

    /// Waits for the appender's answer.
    private func submit(
        _ changes: Changes, _ producer: ProducerIdentity?, if conditions: BeforeConditions?
    ) async -> Result<Submission.Outcome, IngressQueue.Refusal> {
        await withCheckedContinuation { continuation in
            let submission = Submission(changes: changes, producer: producer, if: conditions) {
                outcome in
                continuation.resume(returning: .success(outcome))
            }
            do throws(IngressQueue.Refusal) {
                try self.queue.add(submission)
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
    }

    private static func form(of request: Request) throws(Problem) -> BodyForm {
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(
                status: 415, code: "unsupported-content-encoding", title: "Unsupported encoding",
                detail: "send the body as it is, without Content-Encoding", line: 1)
        }
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased()
        switch type?.trimmingSpaces {
        case "application/json": return .json
        case "application/x-ndjson", "application/ndjson", "application/jsonl": return .ndjson
        default:
            throw Problem(
                status: 415, code: "unsupported-media-type", title: "Unsupported media type",
                detail: "line 1: Content-Type is \(type.map { "\"\($0)\"" } ?? "missing"); send "
                    + "application/json (one change, or an array) or application/x-ndjson (a change a line)",
                line: 1)
        }
    }
}

extension Problem {
    /// A change that may not be published; nothing of its request is.
    init(forbidden place: Int, of changes: Changes) {
        let model = changes.copy(changes.list[place].model).string
        self.init(
            status: 403, code: RequestErrorCode.forbidden.rawValue, title: "Not allowed",
            detail:
                "change \(place + 1): you may not publish this change of \(model.prefix(128)): say who you are, or "
                + "ask for a rule under models.publish, or a key, that allows it")
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(self.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
