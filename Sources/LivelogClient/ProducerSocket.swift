import NIOCore
import WireProtocol

/// An open WebSocket of a producer: batches go out without waiting, answers come in the order of the batches. It closes
/// when its last copy, and the reader of its answers, are dropped, or when the reader's task is cancelled.
package struct ProducerSocket: Sendable {
    fileprivate let connection: WebSocketConnection

    /// Sends messages of `livelog.producer.v1`, in this order and together, and returns when the network has taken
    /// them.
    ///
    /// - Throws: `unreachable` or `cancelled`; the reader of the answers learns why.
    package func send(_ messages: [[UInt8]]) async throws(ClientError) {
        try await self.connection.send(messages)
    }

    /// The answers. They have one reader.
    package func answers() -> Answers {
        Answers(messages: self.connection.messages.makeAsyncIterator())
    }

    /// Takes one answer after the other.
    package struct Answers {
        private var messages: FrameInbox.Messages.AsyncIterator

        fileprivate init(messages: FrameInbox.Messages.AsyncIterator) {
            self.messages = messages
        }

        /// Waits for the next answer.
        ///
        /// - Throws: what ended the connection; `cancelled`; `protocol-violation`.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> ProducerAnswer {
            let message: [UInt8]?
            do {
                message = try await self.messages.next(isolation: actor).map {
                    Array($0.readableBytesView)
                }
            } catch {
                throw ClientError(transport: error)
            }
            guard let message else {
                if Task.isCancelled { throw ClientError(transport: CancellationError()) }
                throw ClientError(.unreachable, "the connection was closed")
            }
            return try ProducerAnswer(decoding: message)
        }
    }
}

extension LivelogClient {
    /// Connects as the producer `name`, once: whoever loses the connection makes another one, and sends again what has
    /// no answer, with the same numbers.
    ///
    /// - Throws: `invalid-argument` if the name is none or the configuration cannot be used; `unreachable`,
    ///   `unavailable`, `refused` or `cancelled`.
    package func openProducer(_ name: String) async throws(ClientError) -> ProducerSocket {
        try BatchIdentity.producer(name, sequence: 0).validate()
        let connection = try await WebSocketConnection.open(
            to: self.server, as: .producer, configuration: self.configuration,
            attempt: ConnectionAttempt())
        var message = Array("{\"producer\":".utf8)
        JSONText.append(string: name, to: &message)
        message.append(UInt8(ascii: "}"))
        try await connection.send(message)
        return ProducerSocket(connection: connection)
    }
}
