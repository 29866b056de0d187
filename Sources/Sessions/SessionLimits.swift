/// What one session may take of the server.
package struct SessionLimits: Sendable {
    /// Subscriptions that a session can have at a time. Default 256.
    package var subscriptionsMax = 256
    /// Bytes of one message from a client. Default 64 KiB.
    package var messageByteCountMax = 64 << 10
    /// Bytes of records after which a frame ends at the next end of a batch. Default 64 KiB.
    package var frameByteCountGoal = 64 << 10
    /// Bytes of records after which a frame ends within a batch, the rest of which comes in further frames. With the
    /// record that is added last a frame may have as much as that record more. Default 512 KiB.
    package var frameByteCountMax = 512 << 10
    /// Whether a filter may be asked for that only a look at every record of its model can answer.
    /// Default true.
    package var allowsScans = true
    /// Records that a subscription may have replayed before it is answered with a snapshot instead. Clients can
    /// ask for fewer. Default nil: as many as there are.
    package var replayedRecordsMax: Int?

    /// Creates the default limits.
    package init() {}
}
