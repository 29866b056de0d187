/// What one producer's connection may take of the server.
package struct ProducerLimits: Sendable {
    /// Bytes of one message, in all its fragments. Default 16 MiB.
    package var messageByteCountMax = 16 << 20
    /// Batches of a connection that wait for their answer; with as many nothing more is read. Default 1,024.
    package var unansweredMax = 1024

    /// Creates the default limits.
    package init() {}
}
