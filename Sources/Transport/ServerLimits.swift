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
    /// Seconds for which a body may be slow, and the bytes a second that it has to have from then on, from its
    /// beginning. Default 10 seconds and 1 KiB.
    package var bodyPace = BodyPace()
    /// Bytes of all responses over 64 KiB that are being written at a time. Default 256 MiB.
    package var responsesByteCountMax = 256 << 20
    /// Seconds that an HTTP connection may be silent while the server waits for it, or not take anything of a
    /// response. Default 60.
    package var idleSecondsMax = 60
    /// Seconds that a client has to take the end of what it gets, and a WebSocket's to answer a close. Default 5.
    package var closeSecondsMax = 5
    /// Seconds after the drain in which requests that are under way must end; then their connections are closed.
    /// Default 10.
    package var stopSecondsMax = 10
    /// Seconds from the connection to the end of the first request's head. Default 15.
    package var handshakeSecondsMax = 15
    /// Seconds from the connection to the end of the TLS handshake. Default 5.
    package var tlsHandshakeSecondsMax = 5
    /// Seconds between two looks at each connection. Default 5.
    package var tickSeconds = 5
    /// Looks without a word from a WebSocket after which it is sent a ping. Default 4.
    package var quietTicksBeforePing = 4
    /// Looks without a word from a WebSocket after which it is closed. Default 12.
    package var quietTicksMax = 12
    /// Bytes that the kernel did not take and that wait here; with more the session leaves the live path and is a
    /// cursor in the log until they are gone. Default 16 KiB.
    package var socketByteCountMax = 16 << 10
    /// Requests that read the log at a time, or wait for a thread that does. Default 64.
    package var readsMax = 64
    /// Requests of one event loop that wait for changes. Default 10,000.
    package var waitingRequestsMax = 10_000
    /// Bytes of a request's target, path and query. Default 64 KiB.
    package var targetByteCountMax = 64 << 10
    /// What a request's head may be.
    package var head = HeadLimits()
    /// What a page of changes may have.
    package var changePage = ChangePage.Limits()
    /// What the state of a group may have.
    package var state = StateReading.Limits()
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
    /// Bytes of producers' messages over that size that are not all there, or wait for the log, together. Default
    /// 256 MiB.
    package var messagesByteCountMax = 256 << 20
    /// Seconds over which sessions are told to go when the server stops. Default 5.
    package var drainSeconds = 5
    /// How much one client may have, and how often.
    package var admission = AdmissionLimits()
    /// What may wait for the appender.
    package var ingress = IngressQueue.Limits()

    /// Creates the default limits.
    package init() {}
}
