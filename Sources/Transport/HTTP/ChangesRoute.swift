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
    let queue: IngressQueue
    let limits: ServerLimits
    private let readers: ReaderPool
    private let budget: ByteBudget

    init(queue: IngressQueue, limits: ServerLimits) {
        self.queue = queue
        self.limits = limits
        self.readers = ReaderPool(limits: limits.changes)
        self.budget = ByteBudget(limits.bodiesByteCountMax)
    }

    /// Answers a request; every failure is a problem document.
    func respond(to request: Request) async -> Response {
        do throws(Problem) {
            let receipt = try await self.append(request)
            return Response.json(.ok, "application/json", receipt.json)
        } catch {
            return Response(error)
        }
    }

    private func append(_ request: Request) async throws(Problem) -> Receipt {
        let form = try Self.form(of: request)
        let producer = try RequestIdentity.producer(of: request.headers)
        var taken = 0
        defer { self.budget.giveBack(taken) }
        let body = try await self.body(of: request, taken: &taken)
        // What can be repeated must be repeated whole, so it is one batch.
        let batching: Batching = producer == nil ? .bySize : .atomic
        let changes: Changes
        do throws(ChangeError) {
            changes = try self.readers.read(body, as: form, batching: batching)
        } catch {
            throw Problem(error)
        }
        switch await self.submit(changes, producer) {
        case .success(.appended(let receipt)): return receipt
        case .success(.refused(let error, let appended)):
            throw Problem(error, appended: appended)
        case .failure(let refusal): throw Problem(refusal)
        }
    }

    /// Waits for the appender's answer.
    private func submit(
        _ changes: Changes, _ producer: ProducerIdentity?
    ) async -> Result<Submission.Outcome, IngressQueue.Refusal> {
        await withCheckedContinuation { continuation in
            let submission = Submission(changes: changes, producer: producer) { outcome in
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

    /// Collects the body, bounded by itself and together with all others.
    ///
    /// - Parameter taken: what it has taken of the budget, to be given back when the request is answered.
    private func body(
        of request: Request, taken: inout Int
    ) async throws(Problem) -> [UInt8] {
        let declared = request.headers[.contentLength].flatMap { Int($0) }
        if let declared, declared > self.limits.bodyByteCountMax { throw self.tooLarge(line: 1) }
        var bytes: [UInt8] = []
        try self.take((declared ?? 0) + ChangeReader.padding, of: &taken)
        bytes.reserveCapacity(taken)
        do {
            for try await part in request.body {
                let count = bytes.count + part.readableBytes
                guard count <= self.limits.bodyByteCountMax else {
                    throw self.tooLarge(line: Self.lineCount(bytes))
                }
                try self.take(count - taken, of: &taken)
                bytes.append(contentsOf: part.readableBytesView)
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Self.incomplete(bytes)
        }
        if let declared, bytes.count < declared { throw Self.incomplete(bytes) }
        return bytes
    }

    private func take(_ count: Int, of taken: inout Int) throws(Problem) {
        guard count > 0 else { return }
        guard self.budget.take(count) else { throw Problem(IngressQueue.Refusal.full) }
        taken += count
    }

    private func tooLarge(line: Int) -> Problem {
        Problem(
            status: 413, code: "body-too-large", title: "Too large",
            detail:
                "line \(line): a body has at most \(self.limits.bodyByteCountMax) bytes: send the "
                + "changes in several requests", line: line)
    }

    private static func incomplete(_ bytes: [UInt8]) -> Problem {
        let line = self.lineCount(bytes)
        return Problem(
            status: 400, code: "body-incomplete", title: "The body cannot be read",
            detail:
                "line \(line): the body ended after \(bytes.count) bytes, before its announced end",
            line: line)
    }

    /// The line, from 1, in which `bytes` end.
    private static func lineCount(_ bytes: [UInt8]) -> Int {
        bytes.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(self.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
