import Debugging
import LivelogClient
import LogModel
import LogStorage
import Sessions

/// Sends batches of a log to a server until there are no more, over as many connections as it takes.
///
/// Two tasks work on a connection: one sends what is due, as far as there is room in the window; the other takes the
/// answers. What has no answer when a connection ends is sent again on the next one. The server knows the batches by
/// the connection's name and their numbers, and appends each once.
actor ReplayRun {
    /// How it is done.
    struct Options: Sendable {
        /// How fast.
        var speed = ReplaySpeed.times(1)
        /// How long to try again while nothing is answered.
        var retryLimit = Duration.seconds(60)
        /// Keeps the place; nil if it is not kept.
        var file: ReplayStateFile?
        /// What is wrong with the log behind what can be read.
        var damage: StorageError?
        /// The producer's name for the batches of an epoch.
        var name: @Sendable (Epoch) -> String
    }

    /// How it ended.
    enum Ending: Sendable {
        /// All is at the target, but for what was refused and was to be left out.
        case complete
        /// A batch was refused.
        case refused
        /// The task was cancelled.
        case interrupted
        /// The log, the server or the file of the place failed.
        case failed(any Error)
    }

    /// The longest message that a server takes.
    private static let messageByteCountMax = ProducerLimits().messageByteCountMax
    /// How many bytes are collected before the network is given them.
    private static let flushByteCount = 256 << 10
    /// How often the place is kept.
    static let stateInterval = Duration.milliseconds(500)

    private struct Upcoming {
        let batch: ReplayBatch
        let due: Duration?
    }

    /// What is given to the network in one piece.
    private struct Piece {
        var messages: [[UInt8]] = []
        var dues: [Duration?] = []
        var byteCount = 0

        mutating func add(_ batch: ReplayBatch, _ due: Duration?) {
            self.messages.append(batch.message)
            self.dues.append(due)
            self.byteCount += batch.message.count
        }
    }

    let log: ChangeLog
    private let client: LivelogClient
    let options: Options
    let first: Offset
    private let begin = ContinuousClock.now

    var reader: ReplayReader
    private var pace: ReplayPace
    private var upcoming: Upcoming?
    var ledger: ReplayLedger
    /// Why the log cannot be read on.
    private var damage: StorageError?
    /// Tells the task that sends that something was answered.
    var answered: AsyncStream<Void>.Continuation?
    var schedule: RetrySchedule
    var failingSince: Duration?
    var stateWritten: Duration?
    var progress = ProgressLine()

    /// Prepares to send what `reader` reads of `log`; `ledger` is where the reader is.
    init(
        _ reader: ReplayReader, of log: ChangeLog, to client: LivelogClient, ledger: ReplayLedger,
        options: Options
    ) {
        self.reader = reader
        self.first = reader.place
        self.log = log
        self.client = client
        self.ledger = ledger
        self.options = options
        self.pace = ReplayPace(options.speed, from: .zero)
        self.schedule = RetrySchedule(limit: options.retryLimit)
    }

    /// How long it has been going on.
    var elapsed: Duration { self.begin.duration(to: .now) }

    /// Sends until all is done, or it cannot go on. Whatever the ending, the place is kept.
    func run() async -> (ending: Ending, summary: ReplaySummary) {
        var ending = await self.sendAll()
        self.progress.clear()
        if case .complete = ending { self.ledger.finish(at: self.reader.place) }
        do {
            try self.writeState()
        } catch {
            if case .complete = ending {
                ending = .failed(error)
            } else {
                Diagnostics.say("\(error)")
            }
        }
        let isComplete = if case .complete = ending { true } else { false }
        let summary = ReplaySummary(
            isComplete: isComplete, first: self.first, ledger: self.ledger,
            unwantedCount: self.reader.unwantedCount, removedCount: self.reader.removedCount,
            seconds: self.elapsed / .seconds(1))
        return (ending, summary)
    }

    private func sendAll() async -> Ending {
        while let next = self.ledger.window.unanswered.first?.batch ?? self.peek()?.batch {
            let epoch = next.epoch
            do {
                let socket = try await self.client.openProducer(self.options.name(epoch))
                // Otherwise it is one only when something is answered.
                if self.ledger.window.isEmpty { self.noteSuccess() }
                try await self.converse(on: socket, epoch: epoch)
            } catch {
                if let ending = await self.recover(from: error) { return ending }
            }
        }
        if self.ledger.isStopped { return .refused }
        return (self.damage ?? self.options.damage).map { .failed($0) } ?? .complete
    }

    /// The next batch to be sent; nil if there is none, or nothing more is to be sent.
    private func peek() -> Upcoming? {
        guard !self.ledger.isStopped, self.damage == nil else { return nil }
        if self.upcoming != nil { return self.upcoming }
        do throws(StorageError) {
            guard let batch = try self.reader.next() else { return nil }
            self.upcoming = Upcoming(batch: batch, due: self.pace.due(batch.time))
        } catch {
            self.damage = error
        }
        return self.upcoming
    }

    // MARK: One connection

    /// Sends what is of this epoch, and returns when it is all answered.
    private func converse(on socket: ProducerSocket, epoch: Epoch) async throws {
        let (answers, answered) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.answered = answered
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.receive(from: socket) }
            group.addTask { try await self.send(on: socket, epoch: epoch, answers) }
            // Whichever ends first also ends the other.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func send(
        on socket: ProducerSocket, epoch: Epoch, _ answers: AsyncStream<Void>
    ) async throws {
        var piece = Piece()
        for sent in self.ledger.window.unanswered { piece.add(sent.batch, nil) }
        try await self.flush(&piece, to: socket, answers)
        while let next = self.peek(), next.batch.epoch == epoch {
            if next.batch.message.count > Self.messageByteCountMax {
                try await self.flush(&piece, to: socket, answers)
                try await self.wait(for: answers) { self.ledger.window.isEmpty }
                self.refuseTooLong(next.batch)
            } else if let due = next.due, due > self.elapsed {
                try await self.flush(&piece, to: socket, answers)
                try await ContinuousClock().sleep(until: self.begin.advanced(by: due))
            } else if self.ledger.window.hasRoom(for: next.batch) {
                self.upcoming = nil
                self.ledger.send(next.batch, due: next.due)
                piece.add(next.batch, next.due)
                if piece.byteCount >= Self.flushByteCount {
                    try await self.flush(&piece, to: socket, answers)
                }
            } else {
                try await self.flush(&piece, to: socket, answers)
                try await self.wait(for: answers) { self.ledger.window.hasRoom(for: next.batch) }
            }
        }
        try await self.flush(&piece, to: socket, answers)
        try await self.wait(for: answers) { self.ledger.window.isEmpty }
    }

    private func flush(
        _ piece: inout Piece, to socket: ProducerSocket, _ answers: AsyncStream<Void>
    ) async throws {
        guard !piece.messages.isEmpty else { return }
        let sent = piece
        piece = Piece()
        do throws(ClientError) {
            try await socket.send(sent.messages)
        } catch {
            // Whoever takes the answers learns why, and ends this.
            return try await self.wait(for: answers) { false }
        }
        let now = self.elapsed
        for (message, due) in zip(sent.messages, sent.dues) {
            self.ledger.noteSent(byteCount: message.count, late: due.map { now - $0 })
        }
    }

    /// Waits until answers have made it true that `isOver`; throws when the task is cancelled.
    private func wait(for answers: AsyncStream<Void>, until isOver: () -> Bool) async throws {
        if isOver() { return }
        for await _ in answers where isOver() { return }
        throw CancellationError()
    }

    private func refuseTooLong(_ batch: ReplayBatch) {
        self.upcoming = nil
        self.ledger.refuse(
            batch, code: "message-too-large",
            reason: "the batch is a message of \(batch.message.count) bytes, and a server takes "
                + "\(Self.messageByteCountMax)")
    }
}
