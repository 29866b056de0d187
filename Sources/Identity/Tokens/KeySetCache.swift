import Access
import Logging

/// The keys of a key set, which is read anew now and then.
actor KeySetCache {
    /// How often it is read.
    enum Pace {
        /// Seconds after which a key set of a URL is fetched again.
        static let freshSeconds: Int64 = 300
        /// Seconds between two attempts to fetch.
        static let attemptSeconds: Int64 = 10
        /// Seconds for which keys are used when the key set cannot be had.
        static let staleSeconds: Int64 = 3600
        /// Seconds that one attempt may take.
        static let timeoutSeconds = 5
        /// The most bytes of a key set.
        static let bytesMax = 1 << 20
    }

    private let source: TokenIssuer.KeySet
    private let algorithms: Set<TokenIssuer.Algorithm>
    private let subject: String
    private let clock: @Sendable () -> Int64
    private let logger: Logger

    private var ring: KeyRing?
    private var stamp: WatchedFile.Stamp?
    /// When the keys were last known to be those of the source.
    private var confirmed: Int64 = 0
    private var attempted: Int64?
    private var attempt: Task<Void, Never>?

    /// Creates a cache that has nothing yet.
    init(
        _ source: TokenIssuer.KeySet, algorithms: Set<TokenIssuer.Algorithm>, subject: String,
        clock: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        self.source = source
        self.algorithms = algorithms
        self.subject = subject
        self.clock = clock
        self.logger = logger
    }

    /// Reads a file for the first time, so that a server does not start with one that is wrong. A URL is asked when
    /// the first token comes: its server may start later.
    func prepare() async throws(IdentityOptionsError) {
        guard case .file = self.source else { return }
        let now = self.clock()
        try await self.take(self.fetch(), now: now)
        self.attempted = now
    }

    /// The key that a token names; nil if there is none.
    ///
    /// Throws if the keys are not known, or have not been confirmed for too long.
    func key(_ id: String?) async throws(AuthenticationError) -> VerificationKey? {
        if self.isDue(for: id) { await self.attempted(at: self.clock()) }
        guard let ring = self.ring, self.clock() - self.confirmed < Pace.staleSeconds else {
            throw AuthenticationError(
                .unavailable,
                "the keys of the token's issuer are not known at the moment; try again")
        }
        return ring.key(id)
    }

    private func isDue(for id: String?) -> Bool {
        let now = self.clock()
        if self.attempt != nil {
            // Whoever has a key that counts need not wait for the next ones.
            return self.ring?.key(id) == nil || now - self.confirmed >= Pace.staleSeconds
        }
        let sinceAttempt = self.attempted.map { now - $0 }
        switch self.source {
        case .file:
            return sinceAttempt.map { $0 != 0 } ?? true
        case .url:
            if let sinceAttempt, (0..<Pace.attemptSeconds).contains(sinceAttempt) { return false }
            return now - self.confirmed >= Pace.freshSeconds || self.ring?.key(id) == nil
        }
    }

    /// Makes an attempt, or waits for the one that is being made.
    private func attempted(at now: Int64) async {
        if let attempt { return await attempt.value }
        self.attempted = now
        let attempt = Task { await self.refresh(now: now) }
        self.attempt = attempt
        await attempt.value
    }

    private func refresh(now: Int64) async {
        defer { self.attempt = nil }
        do {
            if case .file(let path) = self.source, let stamp,
                WatchedFile(path: path, bytesMax: Pace.bytesMax).stamp() == stamp
            {
                self.confirmed = now
                return
            }
            try await self.take(self.fetch(), now: now)
        } catch {
            self.logger.warning("a key set could not be read", metadata: ["reason": "\(error)"])
        }
    }

    private func fetch() async throws(IdentityOptionsError) -> (
        bytes: [UInt8], stamp: WatchedFile.Stamp?
    ) {
        switch self.source {
        case .file(let path):
            do {
                let file = try WatchedFile(path: path, bytesMax: Pace.bytesMax).read()
                return (file.bytes, file.stamp)
            } catch {
                throw IdentityOptionsError("\(self.subject): the key set cannot be read: \(error)")
            }
        case .url(let url):
            let exchange = HTTPExchange(
                url: url, timeoutSeconds: Pace.timeoutSeconds, bodyMax: Pace.bytesMax)
            do {
                let answer = try await exchange.answer()
                guard answer.status == 200 else {
                    throw IdentityOptionsError("the answer has the status \(answer.status)")
                }
                return (answer.body, nil)
            } catch {
                throw IdentityOptionsError("\(self.subject): no key set from \(url): \(error)")
            }
        }
    }

    private func take(
        _ fetched: (bytes: [UInt8], stamp: WatchedFile.Stamp?), now: Int64
    ) async throws(IdentityOptionsError) {
        var keys: [VerificationKey] = []
        for key in try JSONWebKey.keys(
            of: fetched.bytes, algorithms: self.algorithms, subject: self.subject)
        {
            keys.append(try await VerificationKey(key, subject: self.subject))
        }
        let ring = try KeyRing(keys, subject: self.subject)
        guard !ring.isEmpty else {
            throw IdentityOptionsError(
                "\(self.subject): the key set has no key for signatures by "
                    + self.algorithms.map(\.rawValue).sorted().joined(separator: ", "))
        }
        self.ring = ring
        self.stamp = fetched.stamp
        self.confirmed = now
    }
}
