import LogModel
import LogStorage
import Logging
import NIOCore
import NIOPosix
import NIOWebSocket
import Replication
import Sessions
import Synchronization
import WireProtocol

/// A producer's WebSocket after its handshake: whole messages become submissions, receipts go back.
///
/// Back-pressure: while the ingress queue has no room, or too many batches are unanswered, or the client does
/// not read its receipts, the socket is not read. The bytes wait with the client; nothing is refused, and
/// nothing overtakes. What had been read from the socket already waits in `held`: one read of the socket,
/// and the message that it completes.
///
/// Threads: only the channel's event loop; answers of the appender come by ``AnswerBox``.
final class ProducerHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let hub: ProducerHub
    private let loopHub: EventLoopHub
    private var session: ProducerSession
    private let order = SubmissionOrder()
    private var identity: ProducerIdentity.ID?
    private var context: ChannelHandlerContext?
    /// The encoder's place in the pipeline: what is written from there is not encoded once more.
    private var encoder: ChannelHandlerContext?
    private var answers: AnswerBox?
    private var clock: RepeatedTask?
    private var assembly = MessageAssembly()
    /// Frames that have been read and wait to be taken.
    private var held = CircularBuffer<WebSocketFrame>()
    /// What found no room in the queue. Nothing is taken before it.
    private var stalled: Submission?
    /// Whether a message is being read on another thread. Nothing is taken before it.
    private var isReadingMessage = false
    private var isPaused = false
    /// What to answer to the client's close, once everything is answered.
    private var closeToAnswer: ByteBuffer?
    private var isClosing = false
    private var quietTicks = 0
    /// What was shown of this connection's counters.
    private var shown = ProducerCounters.Values()

    init(hub: ProducerHub, loopHub: EventLoopHub) {
        self.hub = hub
        self.loopHub = loopHub
        self.session = ProducerSession(limits: hub.limits.producer)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.encoder = try? context.pipeline.syncOperations.context(
            handlerType: WebSocketFrameEncoder.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.answers = AnswerBox { [eventLoop = context.eventLoop] in
            eventLoop.execute { bound.value.takeAnswers() }
        }
        let interval = TimeAmount.seconds(Int64(self.hub.limits.tickSeconds))
        self.clock = context.eventLoop.scheduleRepeatedTask(
            initialDelay: interval, delay: interval
        ) { _ in bound.value.tick() }
        self.loopHub.add(self)
        let count = self.hub.counters.connections.wrappingAdd(1, ordering: .relaxed).newValue
        if count > self.hub.limits.producersMax {
            self.close(.tryAgainLater, reason: "too many producers are connected")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.leave()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.quietTicks = 0
        self.held.append(self.unwrapInboundIn(data))
        self.takeHeld()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.proceed()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.proceed()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { self.drain() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketError {
        case .invalidFrameLength: self.close(.messageTooBig, reason: "the message is too large")
        case .some: self.close(.protocolError, reason: "a frame breaks the WebSocket protocol")
        case nil: context.close(promise: nil)
        }
    }

    /// Takes no more batches; closes when those that were taken are answered.
    func drain() {
        self.session.end(.goingAway, reason: "the server stops")
        self.proceed()
    }

    // MARK: - From the client

    private var mayTake: Bool {
        self.session.canTakeMore && self.stalled == nil && !self.isReadingMessage
            && self.context?.channel.isWritable == true
    }

    private func takeHeld() {
        // A client that is being closed is only listened to for its answer.
        while !self.held.isEmpty, self.mayTake || self.isClosing {
            let frame = self.held.removeFirst()
            if !self.isClosing {
                self.take(frame)
            } else if frame.opcode == .connectionClose {
                self.context?.close(promise: nil)
            }
        }
    }

    private func take(_ frame: WebSocketFrame) {
        do throws(MessageAssembly.Violation) {
            let limit = self.hub.limits.producer.messageByteCountMax
            switch try self.assembly.add(frame, limit: limit) {
            case .text(let message): self.take(message)
            case .binary: self.session.receiveBinary()
            case .ping(let payload): self.write(.pong, payload)
            case .close(let payload):
                // Answered behind the receipts of what came before it.
                self.closeToAnswer = payload
                self.session.end(.goingAway, reason: "")
            case .nothing: break
            }
        } catch {
            self.close(error.code, reason: error.reason)
        }
    }

    private func take(_ message: [UInt8]) {
        guard case .submit(let number, let part) = self.session.receive(message) else {
            self.identity = self.session.name.map { RequestIdentity.producerID($0) }
            return
        }
        guard message.count > self.hub.limits.readOnLoopByteCountMax, let context else {
            self.submit(number, self.hub.read(message, part))
            return
        }
        self.isReadingMessage = true
        let hub = self.hub
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        NIOThreadPool.singleton.runIfActive(eventLoop: context.eventLoop) {
            hub.read(message, part)
        }.whenComplete { result in
            bound.value.finishReading(number, result)
        }
    }

    private func finishReading(
        _ number: UInt64, _ result: Result<Result<Changes, ChangeError>, any Error>
    ) {
        self.isReadingMessage = false
        switch result {
        case .success(let changes): self.submit(number, changes)
        case .failure: self.stop(number)
        }
        self.proceed()
    }

    // MARK: - To the log

    private func submit(_ number: UInt64, _ result: Result<Changes, ChangeError>) {
        switch result {
        case .success(let changes):
            guard let answers else { return }
            let producer = self.identity.map { ProducerIdentity(id: $0, sequence: number) }
            self.add(
                Submission(changes: changes, producer: producer, order: self.order) { outcome in
                    answers.put(number, outcome)
                }, number)
        case .failure(let error): self.session.refuse(number, Producer1Refusal(error))
        }
    }

    private func add(_ submission: Submission, _ number: UInt64) {
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        do throws(IngressQueue.Refusal) {
            try self.hub.queue.add(submission) { [eventLoop = context.eventLoop] in
                eventLoop.execute { bound.value.tryAgain(number) }
            }
        } catch {
            switch error {
            case .full: self.stalled = submission
            case .closed: self.stop(number)
            }
        }
    }

    private func tryAgain(_ number: UInt64) {
        guard let submission = self.stalled else { return }
        self.stalled = nil
        self.add(submission, number)
        self.proceed()
    }

    /// Answers a batch for which the server has no time any more.
    private func stop(_ number: UInt64) {
        let problem = Problem(IngressQueue.Refusal.closed)
        self.session.fail(
            number, Producer1Refusal(code: problem.code, message: problem.detail),
            with: .goingAway, reason: "the server stops")
    }

    private func takeAnswers() {
        guard let answers else { return }
        for (number, outcome) in answers.takeAll() {
            switch outcome {
            case .appended(let receipt):
                self.session.acknowledge(number, receipt)
            case .refused(let error, _):
                let refusal = Producer1Refusal(code: error.code.rawValue, message: error.message)
                if error.endsOrder {
                    self.session.fail(
                        number, refusal, with: .tryAgainLater, reason: error.code.rawValue)
                } else {
                    self.session.refuse(number, refusal)
                }
            }
        }
        self.proceed()
    }

    // MARK: - To the client

    /// Does whatever can be done now: takes what waits, sends answers, reads on or pauses, closes.
    private func proceed() {
        self.takeHeld()
        self.sendAnswers()
        if let ending = self.session.closing {
            if let payload = self.closeToAnswer {
                self.answerClose(payload)
            } else {
                self.close(ending.code, reason: ending.reason)
            }
        }
        self.pauseOrReadOn()
        self.showCounted()
    }

    private func sendAnswers() {
        guard let encoder, !self.session.outbox.isEmpty else { return }
        let bytes = self.session.outbox
        self.session.outbox.removeAll()
        guard !self.isClosing else { return }
        encoder.write(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
        encoder.flush()
    }

    /// Reads the socket while something can be taken; a client that is being closed is read for its answer.
    private func pauseOrReadOn() {
        guard let context else { return }
        let isToPause = !self.isClosing && (!self.mayTake || !self.held.isEmpty)
        guard isToPause != self.isPaused else { return }
        self.isPaused = isToPause
        try? context.channel.syncOptions?.setOption(.autoRead, value: !isToPause)
    }

    /// Shows what was counted, once a turn.
    private func showCounted() {
        let isOver = self.context == nil
        let now = ProducerCounters.Values(
            unanswered: isOver ? 0 : self.session.unansweredCount,
            paused: isOver || !self.isPaused ? 0 : 1, receipts: self.session.receiptCount,
            refused: self.session.refusedCount)
        guard now != self.shown else { return }
        self.hub.counters.add(now.since(self.shown))
        self.shown = now
    }

    private func tick() {
        // Who is not read cannot answer.
        guard !self.isPaused else { return }
        self.quietTicks += 1
        if self.quietTicks >= self.hub.limits.quietTicksMax {
            self.close(.silent, reason: "no answer to pings")
        } else if self.quietTicks >= self.hub.limits.quietTicksBeforePing {
            self.write(.ping, ByteBuffer())
        }
    }

    private func close(_ code: CloseCode, reason: String) {
        guard let context, !self.isClosing else { return }
        self.sendAnswers()
        var payload = context.channel.allocator.buffer(capacity: 2 + reason.utf8.count)
        payload.writeInteger(code.rawValue)
        payload.writeString(reason)
        self.isClosing = true
        self.write(.connectionClose, payload)
        self.hub.logger.debug(
            "a producer's connection is closed",
            metadata: ["code": "\(code.rawValue)", "reason": "\(reason)"])
        self.takeHeld()
        self.pauseOrReadOn()
        // The client's answer closes the socket, or this does.
        let channel = context.channel
        let deadline = TimeAmount.seconds(Int64(self.hub.limits.closeSecondsMax))
        context.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
    }

    private func answerClose(_ payload: ByteBuffer) {
        guard !self.isClosing else { return }
        self.isClosing = true
        self.write(.connectionClose, payload)
        self.context?.close(promise: nil)
    }

    private func write(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) {
        guard let context else { return }
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: payload)
        context.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
    }

    private func leave() {
        guard self.context != nil else { return }
        self.isPaused = false
        self.context = nil
        self.encoder = nil
        self.held.removeAll()
        self.stalled = nil
        self.answers = nil
        self.clock?.cancel()
        self.clock = nil
        self.showCounted()
        self.hub.counters.connections.wrappingAdd(-1, ordering: .relaxed)
        self.loopHub.remove(self)
    }
}

extension ProducerHub {
    /// Reads a batch.
    fileprivate func read(
        _ message: consuming [UInt8], _ part: Range<Int>
    ) -> Result<Changes, ChangeError> {
        do throws(ChangeError) {
            return .success(try self.readers.read(message, in: part, as: .json, batching: .atomic))
        } catch {
            return .failure(error)
        }
    }
}

/// Where the appender's thread leaves answers for a connection, which is woken once for all that come
/// before it looks.
private final class AnswerBox: Sendable {
    typealias Answer = (number: UInt64, outcome: Submission.Outcome)

    private let waiting = Mutex<[Answer]>([])
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    func put(_ number: UInt64, _ outcome: Submission.Outcome) {
        let isFirst = self.waiting.withLock { waiting in
            waiting.append((number, outcome))
            return waiting.count == 1
        }
        if isFirst { self.wake() }
    }

    func takeAll() -> [Answer] {
        self.waiting.withLock { waiting in
            let taken = waiting
            waiting = []
            return taken
        }
    }
}
