/// What one session may take of the server.
package struct SessionLimits: Sendable {
    /// Subscriptions that a session can have at a time. Default 256.
    package var subscriptionsMax = 256
    /// Bytes of one message from a client. Default 64 KiB.
    package var messageByteCountMax = 64 << 10
    /// Bytes of records after which a `changes` frame ends at the next end of a batch. Default 64 KiB.
    package var frameByteCountGoal = 64 << 10

    /// Creates the default limits.
    package init() {}
}
