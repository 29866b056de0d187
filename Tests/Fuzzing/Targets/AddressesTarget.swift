// Raw memory: the C library reads addresses into memory that it is given.

import Access
import Glibc
import Transport

/// Addresses, proxies and origins: an address is one where the C library thinks so, and nobody is trusted who is not.
enum AddressesTarget {
    /// The first byte of `input` chooses what the rest is.
    static func run(_ input: [UInt8]) -> Int {
        guard let choice = input.first, let text = String(validating: input[1...], as: UTF8.self)
        else { return 0 }
        return switch choice % 4 {
        case 0: Self.address(text)
        case 1: Self.forwarded(text)
        case 2: Self.network(text)
        default: Self.origin(text)
        }
    }

    private static func address(_ text: String) -> Int {
        let address = IPAddress(text)
        require(address == Self.reference(text), "\(text) is \(String(describing: address))")
        guard let address else { return 0 }
        require(IPAddress(forwarded: " [\(text)]:80 ") == address, "\(text) in brackets")
        return address.client.hashValue & 1
    }

    private static func reference(_ text: String) -> IPAddress? {
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, text, &bytes) == 1 {
            let number = { (bytes: ArraySlice<UInt8>) in
                bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            return IPAddress(high: number(bytes[..<8]), low: number(bytes[8...]))
        }
        guard inet_pton(AF_INET, text, &bytes) == 1 else { return nil }
        let number = bytes[..<4].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return IPAddress(high: 0, low: 0xFFFF_0000_0000 | number)
    }

    /// Fields of `X-Forwarded-For`, a line each.
    private static func forwarded(_ text: String) -> Int {
        guard let network = TrustedProxies.Network("10.0.0.0/8"), let peer = IPAddress("10.1.1.1"),
            let stranger = IPAddress("192.0.2.1")
        else { fail("the examples are none") }
        let proxies = TrustedProxies([network])
        let fields = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        require(
            proxies.client(of: stranger, forwardedFor: fields) == stranger, "a stranger is believed"
        )
        let client = proxies.client(of: peer, forwardedFor: fields)
        // Whatever a client writes before what its proxy adds makes no difference.
        let added = proxies.client(of: peer, forwardedFor: fields + ["192.0.2.7"])
        require(added == IPAddress("192.0.2.7"), "what a client writes is believed")
        return client.hashValue & 1
    }

    private static func network(_ text: String) -> Int {
        guard let network = TrustedProxies.Network(text) else { return 0 }
        let base = text.prefix { $0 != "/" }
        guard let address = IPAddress(base) else { fail("\(text) has no address") }
        require(network.contains(address), "\(text) is not of itself")
        return 1
    }

    /// An origin and, on the next line, a host.
    private static func origin(_ text: String) -> Int {
        let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let host = parts.count > 1 ? String(parts[1]) : nil
        let origin = String(parts[0])
        let named = OriginRules(allowed: ["https://app.example.com"], isLoopback: true)
        // On loopback with names nothing else is allowed but pages of the server's own.
        if named.allows(origin, host: host), origin.lowercased() != "https://app.example.com" {
            require(
                host != nil && origin.lowercased().hasSuffix("://" + (host ?? "").lowercased()),
                "\(origin) is allowed")
        }
        let open = OriginRules(allowed: [], isLoopback: false)
        if open.allows(origin, host: host) { require(host != nil, "\(origin) is anybody's") }
        return 1
    }
}
