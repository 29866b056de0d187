/// Why a load test failed: as a rule, that a server did not do what it promises.
package struct LoadError: Error, CustomStringConvertible, Sendable {
    /// What kind of failure it was.
    package enum Code: String, Sendable {
        /// What was asked for cannot be done.
        case invalidOptions = "invalid-options"
        /// The server cannot be reached, did not start, or is gone.
        case noServer = "no-server"
        /// The server said no, or something that its protocol does not have.
        case refused
        /// The server closed a connection.
        case closed
        /// An event was lost, came twice or out of order, or is not what was sent.
        case wrongDelivery = "wrong-delivery"
        /// What should have come did not come in time.
        case late
    }

    /// What kind of failure it was.
    package var code: Code
    /// What happened, with numbers.
    package var message: String

    /// Creates an error.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    package var description: String { self.message }
}
