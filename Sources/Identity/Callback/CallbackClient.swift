import Access
import Logging
import WireProtocol

/// Asks the application who a client is, by the cookies that the client has from it.
///
/// Answers are kept for a while by the digest of what was asked. Who asks what is being asked already waits for that
/// answer. Without an answer nobody is let in.
actor CallbackClient {
    /// The most questions that wait for an answer.
    static let waitingMax = 1_000

    private struct Kept {
        let principal: Principal
        let until: Int64
        let number: UInt64
    }

    private let callback: ConnectCallback
    private let names: Set<String>
    private let clock: @Sendable () -> Int64
    private let logger: Logger
    private var kept: [[UInt8]: Kept] = [:]
    /// The digests of what is kept in the order in which it came; a number that differs was replaced since.
    private var order: ArraySlice<(digest: [UInt8], number: UInt64)> = []
    private var count: UInt64 = 0
    private var asking: [[UInt8]: Task<Principal?, Never>] = [:]

    /// Makes one. Throws if the callback cannot be asked as it is described.
    init(
        _ callback: ConnectCallback, clock: @escaping @Sendable () -> Int64, logger: Logger
    ) throws(IdentityOptionsError) {
        let fault: String? =
            if let fault = HTTPExchange.fault(
                ofCallback: "connect callback", url: callback.url, secret: callback.secret)
            {
                fault
            } else if callback.cookies.isEmpty || callback.cookies.contains("") {
                "the connect callback needs the names of the cookies that it is given"
            } else if !(1...60).contains(callback.timeoutSeconds) {
                "the connect callback's time has to be 1 to 60 seconds"
            } else if callback.cacheSeconds < 0 || callback.cacheSeconds > 86_400 {
                "the connect callback's answers can be kept for 0 to 86400 seconds"
            } else if callback.cachedMax < 0 {
                "the number of the connect callback's answers that are kept is negative"
            } else {
                nil
            }
        if let fault { throw IdentityOptionsError(fault) }
        self.callback = callback
        self.names = Set(callback.cookies)
        self.clock = clock
        self.logger = logger
    }

    /// Who sent this header `Cookie`. Nobody is asked if it has none of the cookies that count.
    func principal(ofCookie header: String) async throws(AuthenticationError) -> Principal {
        let cookies = try CookieHeader.values(of: self.names, in: header)
        if cookies.isEmpty { return .anonymous }
        let question = Self.question(cookies)
        let digest = Digests.sha256(question)
        if let kept = self.kept[digest], self.clock() < kept.until { return kept.principal }
        let task: Task<Principal?, Never>
        if let asked = self.asking[digest] {
            task = asked
        } else {
            guard self.asking.count < Self.waitingMax else { throw Self.unavailable }
            task = Task { await self.ask(question, digest: digest) }
            self.asking[digest] = task
        }
        guard let principal = await task.value else { throw Self.unavailable }
        return principal
    }

    private static var unavailable: AuthenticationError {
        AuthenticationError(
            .unavailable, "the application did not say who this is; try again")
    }

    private static func question(_ cookies: [String: String]) -> [UInt8] {
        var json = Array("{\"cookies\":{".utf8)
        for (index, cookie) in cookies.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(string: cookie.key, to: &json)
            json.append(UInt8(ascii: ":"))
            JSONText.append(string: cookie.value, to: &json)
        }
        json.append(contentsOf: "}}".utf8)
        return json
    }

    private func ask(_ question: [UInt8], digest: [UInt8]) async -> Principal? {
        defer { self.asking[digest] = nil }
        let asked = self.clock()
        let exchange = HTTPExchange(
            signing: question, by: self.callback.secret, at: asked, to: self.callback.url,
            timeoutSeconds: self.callback.timeoutSeconds, bodyMax: CallbackAnswer.bytesMax)
        let answer: HTTPExchange.Answer
        do {
            answer = try await exchange.answer()
        } catch {
            self.logger.warning(
                "the connect callback does not answer", metadata: ["reason": "\(error)"])
            return nil
        }
        guard answer.status == 200, let said = CallbackAnswer(answer.body, now: asked) else {
            self.logger.warning(
                "the connect callback's answer is not what it has to be",
                metadata: ["status": "\(answer.status)"])
            return nil
        }
        let seconds = min(Int64(self.callback.cacheSeconds), said.seconds ?? .max)
        self.keep(said.principal, of: digest, until: asked + seconds)
        return said.principal
    }

    private func keep(_ principal: Principal, of digest: [UInt8], until: Int64) {
        guard self.callback.cachedMax > 0 else { return }
        self.count += 1
        self.kept[digest] = Kept(principal: principal, until: until, number: self.count)
        self.order.append((digest, self.count))
        // What was replaced is dropped from the front as well, so the order stays bounded by what is kept in time.
        let now = self.clock()
        while let oldest = self.order.first {
            let entry = self.kept[oldest.digest]
            let isCurrent = entry?.number == oldest.number
            if isCurrent, self.kept.count <= self.callback.cachedMax, let entry, now < entry.until {
                break
            }
            if isCurrent { self.kept[oldest.digest] = nil }
            self.order.removeFirst()
        }
    }
}
