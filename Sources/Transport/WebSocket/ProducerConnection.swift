import Access
import LogModel
import LogStorage
import Logging
import NIOCore
import NIOPosix
import Replication
import Sessions
import Synchronization
import WireProtocol

/// What a producer's connection needs of its WebSocket. All calls on the channel's event loop.
protocol ProducerSocket: AnyObject {
    /// Whether the socket can take more.
    var isWritable: Bool { get }
    /// Writes whole frames in one write. Returns whether the socket can take more.
    func send(_ frames: [UInt8]) -> Bool
    /// Closes the socket after what was sent; then the connection is left.
    func close(_ code: CloseCode, reason: String)
    /// Reads the socket, or leaves what comes with the client.
    func setReading(_ isReading: Bool)
}

/// A producer's connection: whole messages become submissions, receipts go back.
///
/// Back-pressure: while the ingress queue has no room, or too many batches are unanswered, or the client does
/// not read its receipts, or has published more than it may, the socket is not read. The bytes wait with the client; nothing is refused, and
/// nothing overtakes. Messages that had been read from the socket already wait in `held`: those of one read.
///
/// Threads: only the channel's event loop; answers of the appender come by ``AnswerBox``.
final class ProducerConnection {
    private let hub: ProducerHub
    private let principal: Principal
    private let client: ClientAddress
    private let eventLoop: any EventLoop
    /// The socket, until it is closed.
    private weak var socket: (any ProducerSocket)?
    private var session: ProducerSession
    private let order = SubmissionOrder()
    private var identity: ProducerIdentity.ID?
    private var answers: AnswerBox?
    /// Messages that have been read and wait to be taken; nil is a binary one.
    private var held = CircularBuffer<[UInt8]?>()
    /// What found no room in the queue. Nothing is taken before it.
    private var stalled: Submission?
    /// Whether a message is being read on another thread. Nothing is taken before it.
    private var isReadingMessage = false
    /// Whether more was published than may be for now. Nothing is taken before that is made up for.
    private var isOverRate = false
    private var isPaused = false
    /// Bytes that have come of the next message, and what they and large messages before it take of the budget.
    private var comingByteCount = 0
    private var share: ByteBudget.Share?
    /// What was shown of this connection's counters.
    private var shown = ProducerCounters.Values()

    /// Begins a connection. One that is too many is closed again.
    init(
        hub: ProducerHub, principal: Principal, at client: ClientAddress,
        socket: any ProducerSocket,
        on eventLoop: any EventLoop
    ) {
        self.hub = hub
        self.principal = principal
        self.client = client
        self.socket = socket
        self.eventLoop = eventLoop
        self.session = ProducerSession(limits: hub.limits.producer)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        self.answers = AnswerBox {
            eventLoop.execute { bound.value.takeAnswers() }
        }
        let count = hub.counters.connections.wrappingAdd(1, ordering: .relaxed).newValue
        if count > hub.limits.producersMax {
            self.session.end(.tryAgainLater, reason: "too many producers are connected")
            // In a turn of its own: the socket is not ready while its connection is made.
            eventLoop.execute { bound.value.proceed() }
        }
    }

    /// Whether the socket is not read because the log has no room, so that nobody can expect a word of the client.
    /// Who does not read its receipts can be expected to.
    var isQuietByForce: Bool { self.isPaused && self.socket?.isWritable != false }

    /// Takes a text message of the client.
    func receive(text message: [UInt8]) {
        self.held.append(message)
        self.takeHeld()
    }

    /// Takes a binary message of the client.
    func receiveBinary() {
        self.held.append(nil)
        self.takeHeld()
    }

    /// Notes that `byteCount` bytes have come of a message. Returns false if there is no room for them.
    func hold(_ byteCount: Int) -> Bool {
        self.comingByteCount = byteCount
        guard byteCount > self.hub.limits.readOnLoopByteCountMax else { return true }
        let share = self.share ?? ByteBudget.Share(of: self.hub.messages)
        self.share = share
        return share.grow(to: byteCount)
    }

    /// Does whatever can be done now: takes what waits, sends answers, reads on or pauses, closes. To be called
    /// after a read of the socket, and when the socket can take more.
    func proceed() {
        self.takeHeld()
        self.sendAnswers()
        if let ending = self.session.closing {
            self.socket?.close(ending.code, reason: ending.reason)
        }
        self.pauseOrReadOn()
        self.showCounted()
    }

    /// Takes no more batches; closes when those that were taken are answered.
    func drain() {
        self.session.end(.goingAway, reason: "the server stops")
        self.proceed()
    }

    /// Notes that the socket is closed, or is being closed. To be called once.
    func leave() {
        self.socket = nil
        self.held.removeAll()
        self.stalled = nil
        self.share = nil
        self.answers = nil
        self.showCounted()
        self.hub.counters.connections.wrappingSubtract(1, ordering: .relaxed)
    }

    // MARK: - From the client

    private var mayTake: Bool {
        self.session.canTakeMore && self.stalled == nil && !self.isReadingMessage
            && !self.isOverRate
            && self.socket?.isWritable == true
    }

    private func takeHeld() {
        while !self.held.isEmpty, self.mayTake {
            if let message = self.held.removeFirst() {
                self.take(message)
            } else {
                self.session.receiveBinary()
            }
        }
    }

    private func take(_ message: consuming [UInt8]) {
        guard case .submit(let number, let part) = self.session.receive(message) else {
            self.identity = self.session.name.map {
                RequestIdentity.producerID($0, of: self.principal)
            }
            return
        }
        guard message.count > self.hub.limits.readOnLoopByteCountMax else {
            self.submit(
                number, self.hub.read(consume message, part, of: self.principal),
                byteCount: part.count)
            return
        }
        self.isReadingMessage = true
        let (hub, principal) = (self.hub, self.principal)
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        let handover = Handover(consume message)
        NIOThreadPool.singleton.runIfActive(eventLoop: self.eventLoop) {
            hub.read(handover.take(), part, of: principal)
        }.whenComplete { result in
            bound.value.finishReading(number, result, byteCount: part.count)
        }
    }

    private func finishReading(
        _ number: UInt64, _ result: Result<Result<Changes, ChangeError>, any Error>,
        byteCount: Int
    ) {
        self.isReadingMessage = false
        switch result {
        case .success(let changes): self.submit(number, changes, byteCount: byteCount)
        case .failure: self.stop(number)
        }
        self.proceed()
    }

    // MARK: - To the log

    /// Why it is no longer known who publishes; nil if it is.
    private func whyNobody() -> AuthenticationError? {
        if self.principal.isExpired(at: Machine.wallClock() / 1_000_000) {
            return AuthenticationError(
                .expired, "the token has expired: connect with a new one, and send this again")
        }
        guard self.hub.access.isKnown(self.principal) else {
            return AuthenticationError(
                .revoked, "the key was revoked, or is for something else by now: ask for a new one")
        }
        return nil
    }

    private func submit(
        _ number: UInt64, _ result: Result<Changes, ChangeError>, byteCount: Int
    ) {
        switch result {
        case .success(let changes):
            guard let answers else { return }
            if let error = self.whyNobody() {
                return self.session.fail(
                    number, Producer1Refusal(code: error.code.rawValue, message: error.message),
                    with: .expired, reason: error.message)
            }
            let conditions: BeforeConditions?
            let check = self.hub.access.publishing(by: self.principal, in: self.hub.log)
            switch check.decide(about: changes) {
            case .allowed(let asked): conditions = asked
            case .forbidden(let index):
                let problem = Problem(forbidden: index, of: changes)
                self.session.refuse(
                    number, Producer1Refusal(code: problem.code, message: problem.detail))
                return
            }
            self.charge(records: changes.list.count, bytes: byteCount)
            let producer = self.identity.map { ProducerIdentity(id: $0, sequence: number) }
            self.add(
                Submission(
                    changes: changes, producer: producer, if: conditions, order: self.order
                ) { outcome in
                    answers.put(number, outcome)
                }, number)
        case .failure(let error): self.session.refuse(number, Producer1Refusal(error))
        }
    }

    /// Counts what is published; if that is more than may be, takes nothing for a while.
    private func charge(records: Int, bytes: Int) {
        let admission = self.hub.admission
        admission.charge(self.principal, at: self.client, records: records, bytes: bytes)
        guard let wait = admission.wait(toPublish: self.principal, at: self.client) else { return }
        self.isOverRate = true
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: wait) {
            bound.value.isOverRate = false
            bound.value.proceed()
        }
    }

    private func add(_ submission: Submission, _ number: UInt64) {
        let eventLoop = self.eventLoop
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        do throws(IngressQueue.Refusal) {
            try self.hub.queue.add(submission) {
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
            case .appended(let receipt): self.session.acknowledge(number, receipt)
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

    private func sendAnswers() {
        guard !self.session.outbox.isEmpty else { return }
        let frames = self.session.outbox
        self.session.outbox.removeAll()
        _ = self.socket?.send(frames)
    }

    private func pauseOrReadOn() {
        guard let socket else { return }
        let isToPause = !self.mayTake || !self.held.isEmpty
        // Whoever may be read has nothing large but what is coming.
        if !isToPause, self.comingByteCount <= self.hub.limits.readOnLoopByteCountMax {
            self.share = nil
        }
        guard isToPause != self.isPaused else { return }
        self.isPaused = isToPause
        socket.setReading(!isToPause)
    }

    /// Shows what was counted, once a turn.
    private func showCounted() {
        for code in self.session.takeRefusals() { self.hub.refusals.count(code) }
        let isOver = self.socket == nil
        let now = ProducerCounters.Values(
            unanswered: isOver ? 0 : self.session.unansweredCount,
            paused: isOver || !self.isPaused ? 0 : 1, receipts: self.session.receiptCount,
            refused: self.session.refusedCount)
        guard now != self.shown else { return }
        self.hub.counters.add(now.since(self.shown))
        self.shown = now
    }
}

extension ProducerHub {
    /// Reads a batch.
    fileprivate func read(
        _ message: consuming [UInt8], _ part: Range<Int>, of principal: Principal
    ) -> Result<Changes, ChangeError> {
        var rules = self.access.modelRules
        if !rules.isEmpty { rules = self.access.publishing(by: principal, in: self.log).rules }
        do throws(ChangeError) {
            return .success(
                try self.readers.read(
                    message, in: part, as: .json, batching: .atomic, rules: rules))
        } catch {
            return .failure(error)
        }
    }
}

/// Bytes for another thread, which then has the only reference to them and can work in place.
private final class Handover: Sendable {
    private let bytes: Mutex<[UInt8]>

    init(_ bytes: consuming [UInt8]) { self.bytes = Mutex(bytes) }

    /// Takes the bytes; once.
    func take() -> [UInt8] {
        self.bytes.withLock { bytes in
            let taken = bytes
            bytes = []
            return taken
        }
    }
}
