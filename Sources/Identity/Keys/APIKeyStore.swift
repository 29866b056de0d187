import Access
import Logging
import Synchronization

/// The API keys that count now. Their file is looked at once a second at most, so that a revocation counts soon.
final class APIKeyStore: Sendable {
    private struct State: Sendable {
        /// Nil while the file cannot be read.
        var keys: [String: APIKey]?
        var stamp: WatchedFile.Stamp?
        var checked: Int64
    }

    private let file: APIKeyFile
    private let clock: @Sendable () -> Int64
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the file; throws if it cannot be read.
    init(
        path: String, clock: @escaping @Sendable () -> Int64, logger: Logger
    ) throws(IdentityOptionsError) {
        self.file = APIKeyFile(path)
        self.clock = clock
        self.logger = logger
        let (keys, stamp) = try self.file.read()
        self.state = Mutex(
            State(keys: Self.table(keys), stamp: stamp, checked: clock()))
    }

    /// Who has this key. A key that is not known and a secret that is not right are one error, after the same work.
    func principal(of text: String) throws(AuthenticationError) -> Principal {
        guard let (id, digest) = APIKey.read(text) else {
            throw AuthenticationError(.malformed, "this is no API key; one is llk_ID_SECRET")
        }
        guard let keys = self.current() else {
            throw AuthenticationError(
                .unavailable, "the API keys are not known at the moment; try again")
        }
        let key = keys[id]
        let isRight = Digests.isSame(digest, key?.digest ?? Self.noDigest)
        guard let key, isRight else {
            throw AuthenticationError(.notTrusted, "this API key is not known")
        }
        guard key.revoked == nil else {
            throw AuthenticationError(.revoked, "this API key was revoked; ask for a new one")
        }
        return Principal(origin: .apiKey, subject: key.id, grant: key.grant)
    }

    /// Whether the key that `principal` is known by still counts, and for the same. True while the file cannot be read:
    /// nobody else comes in then, and nobody was revoked by that.
    func isKnown(_ principal: Principal) -> Bool {
        guard let keys = self.current() else { return true }
        guard let key = keys[principal.subject], key.revoked == nil else { return false }
        return key.grant == principal.grant
    }

    private static let noDigest = [UInt8](repeating: 0, count: Digests.byteCount)

    private func current() -> [String: APIKey]? {
        let now = self.clock()
        return self.state.withLock { state in
            guard state.checked != now else { return state.keys }
            state.checked = now
            if state.keys != nil, let stamp = state.stamp, self.file.watched.stamp() == stamp {
                return state.keys
            }
            do throws(IdentityOptionsError) {
                let (keys, stamp) = try self.file.read()
                state.keys = Self.table(keys)
                state.stamp = stamp
            } catch {
                // The file could say that a key was revoked, so what it said before does not count.
                if state.keys != nil { self.logger.error("\(error)") }
                state.keys = nil
            }
            return state.keys
        }
    }

    private static func table(_ keys: [APIKey]) -> [String: APIKey] {
        Dictionary(keys.map { ($0.id, $0) }) { $1 }
    }
}
