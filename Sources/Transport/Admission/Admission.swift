import Access
import NIOCore
import WireProtocol

/// Who may come in, how many at a time and how often: by address, and by who they are.
///
/// Threads: any.
final class Admission: Sendable {
    /// What becomes of a new connection.
    enum Arrival {
        /// It is taken.
        case welcome
        /// It is told so in answer to its first request.
        case crowded(Problem)
        /// It is closed.
        case turnedAway
    }

    let limits: AdmissionLimits
    /// What was refused without an answer of HTTP.
    let refusals = RefusalCounters()
    private let connections = SeatTable<ClientKey>()
    private let sessions = SeatTable<ClientKey>()
    private let failures: RateTable<ClientKey>
    private let requests: RateTable<ClientKey>?
    private let records: RateTable<ClientKey>?
    private let bytes: RateTable<ClientKey>?

    init(_ limits: AdmissionLimits) {
        self.limits = limits
        let table = { RateTable<ClientKey>($0, countMax: limits.clientsMax) }
        self.failures = table(limits.failedAuthentications)
        self.requests = limits.requests.map(table)
        self.records = limits.records.map(table)
        self.bytes = limits.bytes.map(table)
    }

    /// Where the client of a request, or of a connection, is.
    func client(of peer: SocketAddress?, forwardedFor: [String] = []) -> ClientAddress {
        guard let peer = peer?.ipAddress.flatMap({ IPAddress($0) }) else { return ClientAddress() }
        let proxies = self.limits.trustedProxies
        guard proxies.contains(peer) else { return ClientAddress(address: peer) }
        return ClientAddress(
            address: proxies.client(of: peer, forwardedFor: forwardedFor), isForwarded: true)
    }

    // MARK: - Connections

    /// Counts a new connection until it is closed. Those of trusted proxies are not counted: who is behind them is when a
    /// request says so.
    func receive(_ channel: any Channel) -> Arrival {
        let client = self.client(of: channel.remoteAddress)
        guard !client.isForwarded, let key = self.connectionKey(client) else { return .welcome }
        let countMax = self.limits.connectionsPerAddressMax
        guard let seat = self.connections.take(key, countMax: 2 * countMax) else {
            self.refusals.count(Self.tooManyConnections)
            return .turnedAway
        }
        channel.closeFuture.whenComplete { _ in withExtendedLifetime(seat) {} }
        guard self.connections.count(of: key) > countMax else { return .welcome }
        return .crowded(self.crowded("this address", countMax))
    }

    /// Counts a WebSocket or stream of `principal` for as long as somebody has what is returned; throws if there are
    /// too many.
    func enter(
        _ principal: Principal, at client: ClientAddress
    ) throws(Problem) -> [SeatTable<ClientKey>.Seat] {
        var seats: [SeatTable<ClientKey>.Seat] = []
        // Any other connection is counted already.
        if client.isForwarded, let key = self.connectionKey(client) {
            let countMax = self.limits.connectionsPerAddressMax
            guard let seat = self.connections.take(key, countMax: countMax) else {
                throw self.crowded("this address", countMax)
            }
            seats.append(seat)
        }
        if let key = ClientKey(principal) {
            let countMax = self.limits.connectionsPerPrincipalMax
            guard let seat = self.sessions.take(key, countMax: countMax) else {
                throw self.crowded("this user or key", countMax)
            }
            seats.append(seat)
        }
        return seats
    }

    /// The same, until `channel` is closed.
    func enter(
        _ principal: Principal, at client: ClientAddress, on channel: any Channel
    ) throws(Problem) {
        let seats = try self.enter(principal, at: client)
        guard !seats.isEmpty else { return }
        channel.closeFuture.whenComplete { _ in withExtendedLifetime(seats) {} }
    }

    private func connectionKey(_ client: ClientAddress) -> ClientKey? {
        Self.key(client, countsLoopback: self.limits.limitsLoopbackConnections)
    }

    private static func key(_ client: ClientAddress, countsLoopback: Bool) -> ClientKey? {
        guard let address = client.address, countsLoopback || !address.isLoopback else {
            return nil
        }
        return ClientKey(address)
    }

    private func crowded(_ who: String, _ countMax: Int) -> Problem {
        .tooMany(
            Self.tooManyConnections,
            "\(who) has \(countMax) connections, and may not have more: close one, or share one",
            retryAfter: Self.crowdedSeconds)
    }

    private static let crowdedSeconds = 5
    private static let tooManyConnections = "too-many-connections"
    /// The codes of what is refused without an answer of HTTP.
    static let codes = [
        tooManyConnections, "too-many-messages", "too-many-pings", "too-many-refused-tokens",
    ]

    // MARK: - Who they are

    /// Who has `credentials`. Throws a problem also if too many of that address were not accepted.
    @concurrent func principal(
        of credentials: Credentials, at client: ClientAddress, by access: AccessControl
    ) async throws(Problem) -> Principal {
        let key = Self.key(client, countsLoopback: self.limits.limitsLoopbackAuthentications)
        guard !credentials.isEmpty, let key else {
            return try await access.principal(of: credentials)
        }
        if let wait = self.failures.wait(of: key) {
            throw .tooMany(
                "too-many-failed-attempts",
                "too many tokens and keys of this address were not accepted: wait, and send one that is good",
                retryAfter: wait.wholeSeconds)
        }
        do throws(Problem) {
            return try await access.principal(of: credentials)
        } catch {
            // One that was good until a while ago is nobody's guess.
            if error.status == 401, error.code != AuthenticationError.Code.expired.rawValue {
                self.failures.charge(1, to: key)
            }
            throw error
        }
    }

    // MARK: - Rates

    /// Counts a request; throws if there are too many.
    func request(of principal: Principal, at client: ClientAddress) throws(Problem) {
        guard let requests, let key = ClientKey(principal, at: client),
            let wait = requests.take(of: key)
        else { return }
        throw .tooMany(
            "too-many-requests",
            "there are more requests than the server is configured to take: wait",
            retryAfter: wait.wholeSeconds)
    }

    /// Throws if somebody has published more than they may, so that their next changes have to wait.
    func publish(of principal: Principal, at client: ClientAddress) throws(Problem) {
        guard let wait = self.wait(toPublish: principal, at: client) else { return }
        throw .tooMany(
            "publishing-too-fast",
            "more is published than the server is configured to take: wait; nothing of this request was appended",
            retryAfter: wait.wholeSeconds)
    }

    /// By whom requests are counted that read; nil if they are not.
    func readerKey(_ principal: Principal, at client: ClientAddress) -> ClientKey? {
        ClientKey(principal) ?? self.connectionKey(client)
    }

    /// How long somebody's next changes have to wait; nil if not at all.
    func wait(toPublish principal: Principal, at client: ClientAddress) -> TimeAmount? {
        guard self.records != nil || self.bytes != nil,
            let key = ClientKey(principal, at: client)
        else { return nil }
        return [self.records?.wait(of: key), self.bytes?.wait(of: key)].compactMap { $0 }.max()
    }

    /// Counts changes that somebody publishes.
    func charge(_ principal: Principal, at client: ClientAddress, records: Int, bytes: Int) {
        guard self.records != nil || self.bytes != nil,
            let key = ClientKey(principal, at: client)
        else { return }
        self.records?.charge(records, to: key)
        self.bytes?.charge(bytes, to: key)
    }
}

extension Problem {
    /// What may be tried again after a while.
    fileprivate static func tooMany(_ code: String, _ detail: String, retryAfter: Int) -> Problem {
        Problem(
            status: 429, code: code, title: "Too many", detail: detail, retryAfter: retryAfter)
    }

    /// What is told who has too many requests that read.
    static func tooManyReads(_ countMax: Int) -> Problem {
        .tooMany(
            "too-many-reads", "\(countMax) requests of yours read already: wait for one",
            retryAfter: 1)
    }

    /// The codes of these, as they are counted over HTTP.
    static let tooManyCodes = [
        "too-many-connections", "too-many-failed-attempts", "too-many-requests",
        "too-many-reads", "publishing-too-fast",
    ]
}

extension TimeAmount {
    /// Seconds, rounded up.
    fileprivate var wholeSeconds: Int {
        Int((self.nanoseconds + 999_999_999) / 1_000_000_000)
    }
}
