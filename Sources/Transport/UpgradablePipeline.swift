package import NIOCore
package import NIOHTTP1

/// How every connection begins: HTTP/1.1 whose first request decides what it becomes.
package struct UpgradablePipeline<Outcome: Sendable>: Sendable {
    /// Bytes that a connection reads at first; bodies make it more. What a silent connection keeps of its
    /// handshake.
    private static var firstReadByteCount: Int { 512 }

    let handshakeSecondsMax: Int
    let head: HeadLimits
    let agree: @Sendable (HTTPRequestHead) -> HTTPHeaders?
    let becomeWebSocket: @Sendable (any Channel, HTTPRequestHead) throws -> Outcome
    let becomeHTTP: @Sendable (any Channel) throws -> Outcome

    /// - Parameters:
    ///   - handshakeSecondsMax: seconds from the connection to the end of its first request's head.
    ///   - head: what a request's head may be.
    ///   - agree: the headers to agree with to a WebSocket; nil if the request is for none.
    ///   - becomeWebSocket: adds the handler of a WebSocket; there is no other then.
    ///   - becomeHTTP: adds what answers requests.
    package init(
        handshakeSecondsMax: Int, head: HeadLimits = HeadLimits(),
        agree: @escaping @Sendable (HTTPRequestHead) -> HTTPHeaders?,
        becomeWebSocket: @escaping @Sendable (any Channel, HTTPRequestHead) throws -> Outcome,
        becomeHTTP: @escaping @Sendable (any Channel) throws -> Outcome
    ) {
        self.handshakeSecondsMax = handshakeSecondsMax
        self.head = head
        self.agree = agree
        self.becomeWebSocket = becomeWebSocket
        self.becomeHTTP = becomeHTTP
    }

    /// Adds the handlers of a new connection. Returns what it becomes.
    package func configure(_ channel: any Channel) throws -> EventLoopFuture<Outcome> {
        try channel.syncOptions?.setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(
                minimum: 64, initial: Self.firstReadByteCount, maximum: 64 << 10))
        let upgrade = WebSocketUpgrade(agree: self.agree, become: self.becomeWebSocket)
        let becomeHTTP = self.becomeHTTP
        var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
            upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
                upgraders: [upgrade],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture { try becomeHTTP(channel) }
                }))
        configuration.decoderConfiguration = self.head.decoder
        // Hummingbird takes one request at a time, what cannot be parsed is answered by handlers of
        // ours, and the header types cannot hold what would split a response.
        configuration.enablePipelining = false
        configuration.enableErrorHandling = false
        configuration.enableResponseHeaderValidation = false
        let outcome = try channel.pipeline.syncOperations
            .configureUpgradableHTTPServerPipeline(configuration: configuration)
        let waiting = WaitingForFirstRequest()
        try channel.pipeline.syncOperations.addHandler(waiting, position: .first)
        let deadline = channel.eventLoop.scheduleTask(
            in: .seconds(Int64(self.handshakeSecondsMax))
        ) {
            channel.close(promise: nil)
        }
        outcome.assumeIsolated().whenComplete { _ in
            deadline.cancel()
            channel.pipeline.syncOperations.removeHandler(waiting, promise: nil)
        }
        return outcome
    }
}

/// Closes a connection that has not said anything yet when the server stops.
private final class WaitingForFirstRequest: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
