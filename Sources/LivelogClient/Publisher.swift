import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// Posts batches to a server, one request at a time.
struct Publisher: Sendable {
    /// One for the process, like the event loops it uses, so that no caller has to end it. Connections
    /// that failed are not tried again behind the caller's back: he may want to show it.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        return HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }()

    /// The most of an answer that is read.
    private static let mostBytes = 1 << 20

    let server: ServerAddress
    let configuration: ClientConfiguration

    /// Makes one attempt, which takes no longer than `timeout`. Nothing is thrown: a failure of the network is an
    /// answer too.
    func post(
        _ changes: [UInt8], identity: BatchIdentity, timeout: Duration
    ) async -> PublishResponse {
        var request = HTTPClientRequest(url: self.server.changesURL)
        request.method = .POST
        request.headers = ["Content-Type": "application/x-ndjson", "Accept": "application/json"]
        for header in identity.headers {
            request.headers.add(name: header.name, value: header.value)
        }
        do throws(ClientError) {
            if let authorization = try self.configuration.authorization() {
                request.headers.add(name: "Authorization", value: authorization)
            }
        } catch {
            return .refused(error)
        }
        request.body = .bytes(ByteBuffer(bytes: changes))
        if self.server.isEncrypted {
            request.tlsConfiguration = self.configuration.tlsConfiguration
        }
        do {
            let response = try await Self.http.execute(request, timeout: TimeAmount(timeout))
            let body = try await response.body.collect(upTo: Self.mostBytes)
            return PublishResponse(
                status: Int(response.status.code),
                retryAfter: response.headers.first(name: "Retry-After"),
                body: Array(body.readableBytesView))
        } catch let error as HTTPClientError where error == .cancelled {
            return .refused(ClientError(transport: CancellationError()))
        } catch {
            let error = ClientError(transport: error)
            guard error.isTemporary else { return .refused(error) }
            let message = "\(self.server.authority): \(error.message)"
            return .temporary(ClientError(error.code, message), retryAfter: nil)
        }
    }
}
