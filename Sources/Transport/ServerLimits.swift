package import Replication
package import Sessions
package import WireProtocol

/// What the edge takes from outside, and how long it waits. Every limit has a default.
package struct ServerLimits: Sendable {
    /// Connections that are open at a time; more wait to be accepted. Default 50,000.
    package var connectionsMax = 50_000
    /// Bytes of a request's body. Default 16 MiB.
    package var bodyByteCountMax = 16 << 20
    /// Bytes of all bodies that are being read or appended at a time. Default 256 MiB.
    package var bodiesByteCountMax = 256 << 20
    /// Seconds that an HTTP connection may be silent while the server waits for it. Default 60.
    package var idleSecondsMax = 60
    /// Seconds that a WebSocket's client has to answer a close. Default 5.
    package var closeSecondsMax = 5
    /// Seconds from the connection to the end of the first request's head. Default 15.
    package var handshakeSecondsMax = 15
    /// Seconds between two looks at each connection. Default 5.
    package var tickSeconds = 5
    /// Looks without a word from a WebSocket after which it is sent a ping. Default 4.
    package var quietTicksBeforePing = 4
    /// Looks without a word from a WebSocket after which it is closed. Default 12.
    package var quietTicksMax = 12
    /// Bytes that may wait in a socket; with more its session leaves the live path. Default 128 KiB.
    package var socketByteCountMax = 128 << 10
    /// Connections that the kernel may hold before they are accepted. Default 4,096.
    package var acceptBacklog = 4096
    /// What a request's changes may be.
    package var changes = ChangeLimits.default
    /// What a session may have.
    package var session = SessionLimits()
    /// What a turn of an event loop may do.
    package var dispatcher = Dispatcher.Limits()
    /// Producers that are connected at a time; each may have two messages in memory. Default 256.
    package var producersMax = 256
    /// What a producer's connection may have.
    package var producer = ProducerLimits()
    /// Bytes of a producer's message up to which it is read on the event loop, in well under a millisecond.
    /// Default 64 KiB.
    package var readOnLoopByteCountMax = 64 << 10
    /// Seconds over which sessions are told to go when the server stops. Default 5.
    package var drainSeconds = 5
    /// What may wait for the appender.
    package var ingress = IngressQueue.Limits()

    /// Creates the default limits.
    package init() {}
}
