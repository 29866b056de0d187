import Foundation
import NIOCore
import NIOPosix
import Testing

/// Clients that announce what they do not send, or ask for what they do not read, cost others nothing.
@Suite struct UnreadResponseTests {
    private static func largeChange(_ key: Int) -> String {
        let text = String(repeating: "x", count: 900_000)
        return #"{"model":"m","action":"UPDATED","instance":{"id":\#(key),"text":"\#(text)"}}"#
    }

    /// A stream whose client had stopped reading kept a server that was told to stop from ending, for ever.
    @Test(.timeLimit(.minutes(2)), arguments: ["text/event-stream", "application/x-ndjson"])
    func aStreamThatIsNotReadDoesNotKeepTheServer(_ form: String) async throws {
        try await withServer(options: ["--drain-seconds", "1"]) { server in
            // More than the sockets between the two hold.
            for key in 0..<24 { try await server.publish(lines: Self.largeChange(key)) }
            let stream = try server.stream("/v1/changes?model=m&from=start", accept: form)
            #expect(try await stream.head().status.contains(" 200"))
            #expect(kill(stream.processIdentifier, SIGSTOP) == 0)
            let started = ContinuousClock.now
            await server.stop()
            #expect(await server.ending() == .exited(0))
            #expect(ContinuousClock.now - started < .seconds(20))
            await stream.kill()
        }
    }

    /// A page that is not read, and a body that does not come.
    @Test(.timeLimit(.minutes(2)))
    func requestsThatDoNotEndDoNotKeepTheServer() async throws {
        try await withServer(options: ["--drain-seconds", "1"]) { server in
            // Less than a state may have.
            for key in 0..<17 { try await server.publish(lines: Self.largeChange(key)) }
            let page = try server.stream("/v1/models/m", accept: "application/json")
            #expect(try await page.head().status.contains(" 200"))
            #expect(kill(page.processIdentifier, SIGSTOP) == 0)
            let body = try await server.announceBody()
            await server.stop()
            #expect(await server.ending() == .exited(0))
            // The server has closed it.
            try await body.closeFuture.get()
            await page.kill()
        }
    }

    /// Sixteen requests that announced 16 MiB each, and sent nothing of it, shut out all who had something to publish.
    @Test(.timeLimit(.minutes(1)))
    func announcedBodiesTakeNothingFromOthers() async throws {
        try await withServer { server in
            var clients: [any Channel] = []
            for _ in 0..<20 { clients.append(try await server.announceBody()) }
            for key in 0..<5 { try await server.publish(lines: Self.largeChange(key)) }
            for client in clients { try await client.close() }
        }
    }
}

extension LivelogServer {
    /// A connection on which a body of 16 MiB was announced, and a byte of it sent.
    fileprivate func announceBody() async throws -> any Channel {
        let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port).get()
        let head = RawRequest.publishHead(contentType: "application/x-ndjson", length: 16 << 20)
        try await client.writeAndFlush(ByteBuffer(string: head + "\r\n{"))
        return client
    }
}
