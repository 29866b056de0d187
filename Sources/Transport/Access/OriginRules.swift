/// Which pages may connect, publish, and read answers (RFC 6454): a browser says of each which origin it is of.
package struct OriginRules: Hashable, Sendable {
    /// Origins as browsers write them, `https://app.example.com`, that are allowed.
    package let allowed: Set<String>
    /// Whether the server listens on loopback only. Then no other name counts as the server's own: a name that leads here
    /// may be an attacker's. Pages of this machine are allowed, whatever their port, unless some are named.
    package let isLoopback: Bool
    /// Whether all pages are allowed, also those that have no origin because they are files: for development.
    package let allowsAll: Bool

    /// Creates rules; by default those of a server on loopback.
    package init(
        allowed: Set<String> = [], isLoopback: Bool = true, allowsAll: Bool = false
    ) {
        self.allowed = Set(allowed.map { $0.lowercased() })
        self.isLoopback = isLoopback
        self.allowsAll = allowsAll
    }

    /// Whether a page of `origin` may, on a server that the request calls `host`. Who is no page has no origin, and may.
    package func allows(_ origin: String?, host: String?) -> Bool {
        guard let origin = origin?.lowercased(), !self.allowsAll else { return true }
        if self.allowed.contains(origin) { return true }
        guard let separator = origin.firstRange(of: "://") else { return false }
        let authority = String(origin[separator.upperBound...])
        let isOwn = authority == host?.lowercased()
        guard self.isLoopback else { return isOwn }
        return Self.isLoopback(Self.name(of: authority)) && (isOwn || self.allowed.isEmpty)
    }

    /// Whether a name is one of this machine for itself.
    package static func isLoopback(_ name: String) -> Bool {
        if name == "localhost" || name == "::1" || name == "[::1]" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// `HOST:PORT` without the port.
    private static func name(of authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else {
            return authority
        }
        return String(authority[..<colon])
    }
}
