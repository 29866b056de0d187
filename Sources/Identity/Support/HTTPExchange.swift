import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// One request to another server, and its answer; redirects are not followed.
struct HTTPExchange: Sendable {
    /// What came back.
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
    }

    /// Nothing came back in time.
    struct TimedOut: Error, CustomStringConvertible {
        let description = "no answer in time"
    }

    /// One for the process, like the event loops it uses, so that nobody has to end it.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    /// Where it goes.
    let url: String
    /// Headers by name.
    var headers: [(name: String, value: String)] = []
    /// What is posted; nil to get.
    var posted: [UInt8]?
    /// Seconds that all of it may take.
    let timeoutSeconds: Int
    /// The most bytes that the answer's body may have.
    let bodyMax: Int

    /// Sends the request, and gives the whole answer.
    func answer() async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await self.exchange() }
            // The client's own deadline ends with the answer's head; a body can trickle for ever.
            group.addTask {
                try await Task.sleep(for: .seconds(self.timeoutSeconds))
                throw TimedOut()
            }
            guard let answer = try await group.next() else { throw TimedOut() }
            return answer
        }
    }

    private func exchange() async throws -> Answer {
        var request = HTTPClientRequest(url: self.url)
        request.headers.add(name: "Accept", value: "application/json")
        for header in self.headers { request.headers.add(name: header.name, value: header.value) }
        if let posted {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: posted))
        }
        let response = try await Self.client.execute(
            request, timeout: .seconds(Int64(self.timeoutSeconds)))
        let body = try await response.body.collect(upTo: self.bodyMax)
        return Answer(
            status: Int(response.status.code), body: Array(body.readableBytesView))
    }

    /// Whether `url` can be asked: HTTP or HTTPS with a host, without a user's name, spaces or a fragment.
    static func canAsk(_ url: String) -> Bool {
        guard
            let rest = ["http://", "https://"].first(where: url.hasPrefix).map({
                url.dropFirst($0.count)
            })
        else { return false }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        return !authority.isEmpty && !authority.contains("@") && !url.contains("#")
            && url.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
