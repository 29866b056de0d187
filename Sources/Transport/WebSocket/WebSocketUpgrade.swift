import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Makes a WebSocket of an HTTP/1.1 connection: the handshake is NIOWebSocket's, the frames are ours.
struct WebSocketUpgrade<Outcome: Sendable>: NIOTypedHTTPServerProtocolUpgrader {
    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders: [String] = []

    private let handshake: NIOTypedWebSocketServerUpgrader<Outcome>
    private let become: @Sendable (any Channel, HTTPRequestHead) throws -> Outcome

    /// - Parameters:
    ///   - agree: the headers to answer with besides those of every handshake; nil to have no WebSocket.
    ///   - become: adds the channel's handler; the HTTP handlers are gone by then.
    init(
        agree: @escaping @Sendable (HTTPRequestHead) -> HTTPHeaders?,
        become: @escaping @Sendable (any Channel, HTTPRequestHead) throws -> Outcome
    ) {
        self.handshake = NIOTypedWebSocketServerUpgrader(
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeSucceededFuture(agree(head))
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
            })
        self.become = become
    }

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        self.handshake.buildUpgradeResponse(
            channel: channel, upgradeRequest: upgradeRequest,
            initialResponseHeaders: initialResponseHeaders)
    }

    func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Outcome>
    {
        channel.eventLoop.makeCompletedFuture { try self.become(channel, upgradeRequest) }
    }
}
