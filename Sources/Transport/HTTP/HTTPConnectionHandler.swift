import HTTPTypes
import NIOCore
import NIOHTTPTypes
import WireProtocol

/// What a connection of HTTP needs and Hummingbird does not do:
///
/// - `Expect: 100-continue` is answered (RFC 9110 section 10.1.1), so that clients such as curl do not hesitate a
///   second before they send a large body. Whether it is too large is decided when it is read;
/// - what cannot be read is answered with a problem document;
/// - a response that says `Connection: close` is the last one;
/// - who does not take a response, or is not done when the server stops, is closed in time.
///
/// Threads: only the channel's event loop.
final class HTTPConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let idleSecondsMax: Int
    private let closeSecondsMax: Int
    private let stopSecondsMax: Int
    private let refusals: RefusalCounters
    /// Requests whose responses have not ended.
    private var openCount = 0
    /// Whether the end of a request is still to come.
    private var isInRequest = false
    /// What to answer to a request that cannot be read, when those before it are answered.
    private var lastProblem: Problem?
    /// Whether the response that is under way is the last one.
    private var isLast = false
    /// Whether the last response was written. Nothing is read any more.
    private var isOver = false
    /// Closes the connection, while the client takes nothing of what is written.
    private var stall: Scheduled<Void>?

    init(_ limits: ServerLimits, refusals: RefusalCounters) {
        self.idleSecondsMax = limits.idleSecondsMax
        self.closeSecondsMax = limits.closeSecondsMax
        self.stopSecondsMax = limits.stopSecondsMax
        self.refusals = refusals
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.stall?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isOver, self.lastProblem == nil else { return }
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.isInRequest = true
            // Behind a response that is under way it would stand in the middle of that.
            if self.openCount == 0, head.headerFields[.expect]?.lowercased() == "100-continue" {
                let answer = HTTPResponse(status: .continue)
                context.writeAndFlush(self.wrapOutboundOut(.head(answer)), promise: nil)
            }
            self.openCount += 1
        case .body: break
        case .end: self.isInRequest = false
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !self.isOver, self.lastProblem == nil else { return }
        // An error in a request that is being answered is told to who reads its body.
        guard self.openCount == 0 || !self.isInRequest, let problem = Problem(unreadable: error)
        else {
            context.fireErrorCaught(error)
            return
        }
        self.lastProblem = problem
        if self.openCount == 0 { self.end(context, with: problem) }
    }

    private func end(_ context: ChannelHandlerContext, with problem: Problem) {
        self.refusals.count(problem.code)
        let head = HTTPResponse(
            status: .init(code: problem.status), headerFields: problem.lastFields)
        let body = ByteBuffer(bytes: problem.json)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        self.end(context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch self.unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind != .informational:
            self.isLast = head.headerFields[.connection]?.lowercased() == "close"
        case .end:
            self.openCount -= 1
            let problem = self.openCount == 0 ? self.lastProblem : nil
            guard self.isLast || problem != nil else { break }
            context.writeAndFlush(data, promise: promise)
            if !self.isLast, let problem {
                self.end(context, with: problem)
            } else {
                self.end(context)
            }
            return
        case .head, .body: break
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.stall?.cancel()
        self.stall = nil
        if !context.channel.isWritable {
            self.stall = self.close(context, inSeconds: self.idleSecondsMax)
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            _ = self.close(context, inSeconds: self.stopSecondsMax)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func end(_ context: ChannelHandlerContext) {
        guard !self.isOver else { return }
        self.isOver = true
        context.end(inSeconds: self.closeSecondsMax)
    }

    private func close(
        _ context: ChannelHandlerContext, inSeconds seconds: Int
    ) -> Scheduled<Void> {
        let channel = context.channel
        let delay = TimeAmount.seconds(Int64(seconds))
        return context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            channel.close(promise: nil)
        }
    }
}
