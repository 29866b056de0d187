/// Proxies that say truly whom they pass on.
package struct TrustedProxies: Hashable, Sendable {
    /// A network: all addresses that begin with the same bits.
    package struct Network: Hashable, Sendable {
        private let base: IPAddress
        /// Of 128.
        private let bitCount: Int

        /// Reads `10.0.0.0/8`, `2001:db8::/32`, or one address. Nil if it is none.
        package init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let base = IPAddress(parts[0]) else { return nil }
            let bitCountMax = base.isVersion4 ? 32 : 128
            var bitCount = bitCountMax
            if parts.count == 2 {
                guard parts[1].utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
                    let count = Int(parts[1]), (0...bitCountMax).contains(count)
                else { return nil }
                bitCount = count
            }
            self.base = base
            self.bitCount = bitCount + 128 - bitCountMax
        }

        /// Whether an address is of it.
        package func contains(_ address: IPAddress) -> Bool {
            // Shifts by 64 and more give 0.
            let high = UInt64.max << UInt64(max(0, 64 - self.bitCount))
            let low = UInt64.max << UInt64(min(64, 128 - self.bitCount))
            return (address.high ^ self.base.high) & high == 0
                && (address.low ^ self.base.low) & low == 0
        }
    }

    /// The most entries of `X-Forwarded-For` that are looked at, from the last on.
    private static let entriesMax = 32

    private let networks: [Network]

    /// Trusts nobody but those of `networks`.
    package init(_ networks: [Network] = []) {
        self.networks = networks
    }

    /// Whether who connects from `address` is one of them.
    package func contains(_ address: IPAddress) -> Bool {
        self.networks.contains { $0.contains(address) }
    }

    /// Who is behind a connection from `peer`: itself or, if that is trusted, the last address of `X-Forwarded-For` that is
    /// not. What stands before it anybody can have written.
    ///
    /// - Parameter forwardedFor: the fields of that name, in their order.
    package func client(of peer: IPAddress, forwardedFor: [String]) -> IPAddress {
        guard self.contains(peer) else { return peer }
        var address = peer
        var left = Self.entriesMax
        for field in forwardedFor.reversed() {
            for entry in field.split(separator: ",", omittingEmptySubsequences: false).reversed() {
                left -= 1
                guard left >= 0, let before = IPAddress(forwarded: entry) else { return address }
                address = before
                guard self.contains(address) else { return address }
            }
        }
        return address
    }
}
