/// What can be set about a client. All values have defaults.
public struct ClientConfiguration: Sendable {
    /// A file of PEM certificates to trust instead of the system's; nil trusts the system's.
    public var certificateAuthorityFile: String?
    /// Who the client is; nil for nobody in particular.
    public var credential: Credential?
    /// How long an attempt to connect may take.
    public var connectTimeout: Duration = .seconds(10)
    /// How long one request to publish may take, from the first byte sent to the last received. It gets less if
    /// little is left of the time for all attempts, but at least 10 s.
    public var publishTimeout: Duration = .seconds(120)
    /// How long a subscription's connection may be silent before it counts as dead. A server says
    /// something at least every 15 seconds.
    public var silenceLimit: Duration = .seconds(40)
    /// The largest message of a server that is taken, in bytes: a server sends a batch whole.
    public var largestMessage = 64 << 20
    /// How to wait between attempts to connect.
    public var backoff = Backoff()
    /// What waits; a test gives a clock that does not.
    package var clock: any Clock<Duration> = ContinuousClock()

    /// Creates the default configuration.
    public init() {}
}
