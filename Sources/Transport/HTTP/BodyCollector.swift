import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Replication
import WireProtocol

/// Collects bodies of requests: each is bounded by itself and in how slowly it may come, all of them by a budget.
///
/// A body is charged for what has come, and a little ahead: what a client announces costs it nothing, and so must
/// not cost others anything.
struct BodyCollector: Sendable {
    /// Bytes that a body is charged for before any have come, if it is to have as many.
    private static let firstByteCount = 64 << 10

    let byteCountMax: Int
    let pace: BodyPace

    /// Collects the body of `request`.
    ///
    /// - Parameter share: what the body takes of the budget; to be held for as long as the bytes are.
    func collect(
        _ request: Request, within share: ByteBudget.Share
    ) async throws(Problem) -> [UInt8] {
        let declared = request.headers[.contentLength].flatMap { Int($0) }
        if let declared, declared > self.byteCountMax { throw self.tooLarge(line: 1) }
        let end = (declared ?? self.byteCountMax) + ChangeReader.padding
        var bytes: [UInt8] = []
        try Self.makeRoom(for: min(end, Self.firstByteCount), upTo: end, in: &bytes, share)
        let started = ContinuousClock.now
        do {
            for try await part in request.body {
                let count = bytes.count + part.readableBytes
                guard count <= self.byteCountMax else {
                    throw self.tooLarge(line: Self.lineCount(bytes))
                }
                guard !self.pace.isTooSlow(count, after: ContinuousClock.now - started) else {
                    throw self.tooSlow(count)
                }
                try Self.makeRoom(for: count, upTo: end, in: &bytes, share)
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

    /// Makes room for `count` bytes: at least twice of what there was, but not more than the body can have.
    private static func makeRoom(
        for count: Int, upTo end: Int, in bytes: inout [UInt8], _ share: ByteBudget.Share
    ) throws(Problem) {
        guard count > share.count else { return }
        let room = min(max(count + ChangeReader.padding, 2 * share.count), end)
        guard share.grow(to: room) else { throw Problem(IngressQueue.Refusal.full) }
        bytes.reserveCapacity(room)
    }

    private func tooLarge(line: Int) -> Problem {
        Problem(
            status: 413, code: "body-too-large", title: "Too large",
            detail:
                "line \(line): a body has at most \(self.byteCountMax) bytes: send the "
                + "changes in several requests", line: line)
    }

    private func tooSlow(_ count: Int) -> Problem {
        Problem(
            status: 408, code: "body-too-slow", title: "Too slow",
            detail:
                "\(count) bytes have come: after \(self.pace.graceSeconds) seconds a body has at "
                + "least \(self.pace.bytesPerSecondMin) bytes a second; nothing was appended")
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
