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
    /// Seconds between two looks at each connection. Default 10.
    package var tickSeconds = 10
    /// Looks without a word from a WebSocket after which it is sent a ping. Default 2.
    package var quietTicksBeforePing = 2
    /// Looks without a word from a WebSocket after which it is closed. Default 6.
    package var quietTicksMax = 6
    /// Bytes that the kernel did not take and that wait here; with more the session leaves the live path and is a
    /// cursor in the log until they are gone. Default 16 KiB.
    package var socketByteCountMax = 16 << 10
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
