import NIOCore

/// Who uses a WebSocket. Everything is called on the connection's event loop.
protocol WebSocketUser: AnyObject {
    /// The handshake is done.
    func opened(_ channel: any Channel)
    /// A whole message came, or what a fragment of one has; `now` is when it was read.
    func received(_ message: ByteBufferView, on channel: any Channel, at now: UInt64)
    /// All that one read brought was received.
    func finishedReading(at now: UInt64)
    /// The connection ended, or never came to be.
    func closed(_ reason: String)
}

/// The client's side of one WebSocket: the handshake, frames and pings; messages go to its user.
///
/// A message that came whole is looked at where it was read; only what is cut off by the end of a read is copied.
final class WebSocketClient<User: WebSocketUser>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Who is told; nobody once the connection was given up.
    private var user: User?
    private let handshake: ByteBuffer
    private var isUpgraded = false
    /// What is not a whole frame yet.
    private var rest = ByteBuffer()
    private var reason = "the connection ended"
    private var readAt: UInt64 = 0

    /// Creates the handler of a new connection to `path`.
    init(user: User, path: String, subprotocol: String?) {
        self.user = user
        var handshake = ByteBuffer()
        WebSocketFrame.writeHandshake(path: path, subprotocol: subprotocol, to: &handshake)
        self.handshake = handshake
    }

    /// Tells its user nothing more.
    func abandon() { self.user = nil }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(self.handshake), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.readAt = NIODeadline.now().uptimeNanoseconds
        var input = self.unwrapInboundIn(data)
        if self.rest.readableBytes > 0 {
            self.rest.writeImmutableBuffer(input)
            swap(&input, &self.rest)
            self.rest = ByteBuffer()
        }
        if !self.isUpgraded { self.readAnswer(&input, context) }
        if self.isUpgraded { self.readFrames(&input, context) }
        if input.readableBytes > 0 {
            self.rest = context.channel.allocator.buffer(capacity: input.readableBytes * 2)
            self.rest.writeImmutableBuffer(input)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.user?.finishedReading(at: self.readAt)
    }

    func channelInactive(context: ChannelHandlerContext) { self.user?.closed(self.reason) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.reason = "\(error)"
        context.close(promise: nil)
    }

    private func readAnswer(_ input: inout ByteBuffer, _ context: ChannelHandlerContext) {
        let text = String(buffer: input)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return }
        guard text.hasPrefix("HTTP/1.1 101") else {
            self.reason = "no WebSocket: \(text.prefix(500))"
            input.clear()
            return context.close(promise: nil)
        }
        input.moveReaderIndex(forwardBy: text[..<end.upperBound].utf8.count)
        self.isUpgraded = true
        self.user?.opened(context.channel)
    }

    private func readFrames(_ input: inout ByteBuffer, _ context: ChannelHandlerContext) {
        while let frame = WebSocketFrame(in: input, at: 0),
            frame.payloadCount <= input.readableBytes - frame.headerCount
        {
            input.moveReaderIndex(forwardBy: frame.headerCount)
            let start = input.readerIndex
            let payload = input.viewBytes(at: start, length: frame.payloadCount)
            input.moveReaderIndex(forwardBy: frame.payloadCount)
            guard let payload, let opcode = frame.opcode else {
                return self.refuse("a frame of no kind", context)
            }
            switch opcode {
            case .text, .binary:
                // Markers are found in whole messages only, and no target cuts messages of this size.
                guard frame.isFinal else { return self.refuse("a message in fragments", context) }
                self.user?.received(payload, on: context.channel, at: self.readAt)
            case .continuation:
                return self.refuse("a message in fragments", context)
            case .ping:
                var pong = context.channel.allocator.buffer(capacity: payload.count + 16)
                WebSocketFrame.write(.pong, ByteBuffer(payload), to: &pong)
                context.writeAndFlush(self.wrapOutboundOut(pong), promise: nil)
            case .pong:
                break
            case .close:
                var body = ByteBuffer(payload)
                let code = body.readInteger(as: UInt16.self) ?? 1005
                self.reason = "the server closed a socket with \(code): \(String(buffer: body))"
            }
        }
    }

    private func refuse(_ what: String, _ context: ChannelHandlerContext) {
        self.reason = "the server sent \(what)"
        context.close(promise: nil)
    }
}
