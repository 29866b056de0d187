package import Replication
package import Sessions
package import WireProtocol

/// What the edge takes from outside, and how long it waits. Every limit has a default.
package struct ServerLimits: Sendable {
    /// Bytes of a request's body. Default 16 MiB.
    package var bodyByteCountMax = 16 << 20
    /// Seconds from the connection to the end of the first request's head. Default 15.
    package var handshakeSecondsMax = 15
    /// Seconds between two looks at each connection. Default 10.
    package var tickSeconds = 10
    /// Looks without a word from a WebSocket after which it is sent a ping. Default 2.
    package var quietTicksBeforePing = 2
    /// Looks without a word from a WebSocket after which it is closed. Default 6.
    package var quietTicksMax = 6
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
    /// What may wait for the appender.
    package var ingress = IngressQueue.Limits()

    /// Creates the default limits.
    package init() {}
}
