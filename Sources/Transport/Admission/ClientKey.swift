import Access

/// By whom something is counted, in a few bytes however long a name is. It is a hash with a key that each process has of
/// its own, so nobody can choose to be counted as another one.
struct ClientKey: Hashable, Sendable {
    private let hash: Int

    /// An address of version 4, or a network of version 6.
    init(_ address: IPAddress) {
        self.hash = address.client.hashValue
    }

    /// Somebody who is known; nil for who is not.
    init?(_ principal: Principal) {
        guard principal.isAuthenticated else { return nil }
        var hasher = Hasher()
        hasher.combine(principal.origin)
        hasher.combine(principal.subject)
        self.hash = hasher.finalize()
    }

    /// Somebody who is known, or the address of who is not; nil if there is neither.
    init?(_ principal: Principal, at client: ClientAddress) {
        guard let key = ClientKey(principal) ?? client.address.map({ ClientKey($0) }) else {
            return nil
        }
        self = key
    }
}

/// Where a client is.
struct ClientAddress: Hashable, Sendable {
    /// Its address; nil if it has none, as over a socket that is a file.
    var address: IPAddress?
    /// Whether a trusted proxy says so, over a connection that is the proxy's.
    var isForwarded = false
}
