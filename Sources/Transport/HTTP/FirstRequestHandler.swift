import Access
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import WireProtocol

/// Waits for a connection's first request, and makes the connection what that asks for. A request for a WebSocket
/// that there is not, or not now, or not as RFC 6455 says, is an ordinary one (RFC 9110 section 7.8 lets a server
/// ignore `Upgrade`), and so is answered with a problem document. What cannot be read is answered here.
///
/// Threads: only the channel's event loop.
final class FirstRequestHandler<Outcome: Sendable>: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        case waiting
        /// The head of a handshake has come, but not its end; and the fields of the answer.
        case agreed(HTTPRequestHead, HTTPHeaders)
        /// It is being found out who the handshake is of.
        case admitting
        /// The connection has become something else, or is being closed.
        case over
    }

    private let settings: UpgradablePipeline<Outcome>
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private let outcome: EventLoopPromise<Outcome>
    private var phase = Phase.waiting
    private var deadline: Scheduled<Void>?

    /// - Parameter outcome: is told what the connection becomes, or why it becomes nothing.
    init(
        _ settings: UpgradablePipeline<Outcome>,
        _ decoder: ByteToMessageHandler<HTTPRequestDecoder>, _ outcome: EventLoopPromise<Outcome>
    ) {
        self.settings = settings
        self.decoder = decoder
        self.outcome = outcome
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        let delay = TimeAmount.seconds(Int64(self.settings.handshakeSecondsMax))
        self.deadline = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            channel.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        // Nothing happens if it is known already.
        self.outcome.fail(ChannelError.inputClosed)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Who has not said anything yet when the server stops is let go.
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.phase, self.unwrapInboundIn(data)) {
        case (.waiting, .head(let head)):
            if let refusal = self.settings.refusal {
                self.refuse(context, refusal)
            } else if let fields = self.settings.agree(head) {
                self.phase = .agreed(head, fields)
            } else {
                self.becomeHTTP(context, data)
            }
        case (.agreed(let head, let fields), .end): self.admit(context, head, fields)
        case (.waiting, _), (.agreed, _), (.admitting, _), (.over, _): break
        }
    }

    private func becomeHTTP(_ context: ChannelHandlerContext, _ head: NIOAny) {
        self.phase = .over
        do {
            try context.pipeline.syncOperations.addHandler(
                HTTPResponseEncoder(), position: .before(self.decoder))
            self.outcome.succeed(try self.settings.becomeHTTP(context.channel))
            context.fireChannelRead(head)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch {
            self.fail(context, error)
        }
    }

    /// Finds out who the handshake is of, if it says so, and answers it.
    private func admit(
        _ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ fields: HTTPHeaders
    ) {
        guard let principal = self.settings.admit(context.channel, head) else {
            return self.becomeWebSocket(context, head, fields, .anonymous)
        }
        self.phase = .admitting
        principal.assumeIsolated().whenComplete { result in
            guard case .admitting = self.phase, context.channel.isActive else { return }
            switch result {
            case .success(let principal):
                self.becomeWebSocket(context, head, fields, principal)
            case .failure(let error): self.refuse(context, error)
            }
        }
    }

    private func refuse(_ context: ChannelHandlerContext, _ error: any Error) {
        guard let problem = error as? Problem else { return self.fail(context, error) }
        self.phase = .over
        self.settings.noteUnreadable(problem)
        self.answer(problem, context)
    }

    private func becomeWebSocket(
        _ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ fields: HTTPHeaders,
        _ principal: Principal
    ) {
        self.phase = .over
        HandshakeAnswer.make(to: head, with: fields, on: context.channel) { answer in
            do {
                context.writeAndFlush(NIOAny(try answer.get()), promise: nil)
                self.outcome.succeed(
                    try self.settings.becomeWebSocket(context.channel, head, principal))
                let pipeline = context.pipeline.syncOperations
                // In this order: the decoder hands on what came behind the handshake.
                pipeline.removeHandler(context: context, promise: nil)
                pipeline.removeHandler(self.decoder, promise: nil)
            } catch {
                self.fail(context, error)
            }
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        self.outcome.fail(error)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let problem = Problem(unreadable: error) else {
            context.fireErrorCaught(error)
            return
        }
        // The decoder may complain once more when the connection ends.
        if case .over = self.phase { return }
        self.phase = .over
        self.settings.noteUnreadable(problem)
        self.answer(problem, context)
    }

    /// Answers with a problem document, and closes.
    private func answer(_ problem: Problem, _ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(
            HTTPResponse(status: .init(code: problem.status), headerFields: problem.lastFields))
        let body = ByteBuffer(bytes: problem.json)
        // In front of it is what encrypts, if anything does.
        try? context.pipeline.syncOperations.addHandler(
            HTTPResponseEncoder(), position: .before(self.decoder))
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        context.end(inSeconds: self.settings.closeSecondsMax)
    }
}
