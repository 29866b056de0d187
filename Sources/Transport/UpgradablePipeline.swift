package import Access
package import NIOCore
package import NIOHTTP1
package import WireProtocol

/// How every connection begins: HTTP/1.1 whose first request decides what it becomes.
///
/// Until then a connection has a decoder and one handler, which is all that a WebSocket's handshake passes: when
/// thousands of clients come back at once, that is most of what they cost.
package struct UpgradablePipeline<Outcome: Sendable>: Sendable {
    /// Bytes that a connection reads at first; bodies make it more. What a silent connection keeps of its
    /// handshake.
    private static var firstReadByteCount: Int { 512 }

    let handshakeSecondsMax: Int
    let closeSecondsMax: Int
    let head: HeadLimits
    let refusal: Problem?
    let agree: @Sendable (HTTPRequestHead) -> HTTPHeaders?
    let admit: @Sendable (any Channel, HTTPRequestHead) -> EventLoopFuture<Principal>?
    let becomeWebSocket: @Sendable (any Channel, HTTPRequestHead, Principal) throws -> Outcome
    let becomeHTTP: @Sendable (any Channel) throws -> Outcome
    let noteUnreadable: @Sendable (Problem) -> Void

    /// - Parameters:
    ///   - handshakeSecondsMax: seconds from the connection to the end of its first request's head.
    ///   - closeSecondsMax: seconds that a client has to take the answer to what cannot be read.
    ///   - head: what a request's head may be.
    ///   - refusal: what the first request is answered, and the connection closed; nil if it is taken.
    ///   - agree: the headers to agree with to a WebSocket, besides those of every handshake; nil if the request is
    ///     for none, and then it is one of HTTP.
    ///   - admit: finds out who a handshake is of, before it is answered; nil if there is nothing to find out. What it
    ///     fails with, a `Problem`, is the answer.
    ///   - becomeWebSocket: adds the handler of a WebSocket; there is no other then.
    ///   - becomeHTTP: adds what answers requests, behind an encoder.
    ///   - noteUnreadable: is told of what a client was answered whose first request cannot be read.
    package init(
        handshakeSecondsMax: Int, closeSecondsMax: Int = 5, head: HeadLimits = HeadLimits(),
        refusal: Problem? = nil,
        agree: @escaping @Sendable (HTTPRequestHead) -> HTTPHeaders?,
        admit: @escaping @Sendable (any Channel, HTTPRequestHead) -> EventLoopFuture<Principal>? =
            { _, _ in nil },
        becomeWebSocket:
            @escaping @Sendable (any Channel, HTTPRequestHead, Principal) throws -> Outcome,
        becomeHTTP: @escaping @Sendable (any Channel) throws -> Outcome,
        noteUnreadable: @escaping @Sendable (Problem) -> Void = { _ in }
    ) {
        self.handshakeSecondsMax = handshakeSecondsMax
        self.closeSecondsMax = closeSecondsMax
        self.head = head
        self.refusal = refusal
        self.agree = agree
        self.admit = admit
        self.becomeWebSocket = becomeWebSocket
        self.becomeHTTP = becomeHTTP
        self.noteUnreadable = noteUnreadable
    }

    /// Adds the handlers of a new connection. Returns what it becomes.
    package func configure(_ channel: any Channel) throws -> EventLoopFuture<Outcome> {
        try channel.syncOptions?.setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(
                minimum: 64, initial: Self.firstReadByteCount, maximum: 64 << 10))
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(
                leftOverBytesStrategy: .forwardBytes, limitConfiguration: self.head.decoder))
        let outcome = channel.eventLoop.makePromise(of: Outcome.self)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(decoder)
        try pipeline.addHandler(FirstRequestHandler(self, decoder, outcome))
        return outcome.futureResult
    }
}
