/// An address of the Internet Protocol. One of version 4 is kept as `::ffff:a.b.c.d`, so that both ways to write it are
/// the same address.
package struct IPAddress: Hashable, Sendable {
    /// The first 64 bits: the network.
    package let high: UInt64
    /// The other 64 bits.
    package let low: UInt64

    /// The longest text of an address: `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`.
    private static let byteCountMax = 45
    private static let version4Prefix: UInt64 = 0xFFFF_0000_0000

    /// Creates an address of its bits.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads `192.0.2.1`, or `2001:db8::1` as RFC 4291 section 2.2 writes it, without brackets, port and zone. Nil if it is
    /// neither.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.byteCountMax else { return nil }
        let text = Substring(text)
        guard text.utf8.contains(UInt8(ascii: ":")) else {
            guard let number = Self.dotted(text) else { return nil }
            self.init(high: 0, low: Self.version4Prefix | UInt64(number))
            return
        }
        let groups: [UInt16]
        if let gap = text.firstRange(of: "::") {
            guard let left = Self.groups(text[..<gap.lowerBound], endsAddress: false),
                let right = Self.groups(text[gap.upperBound...], endsAddress: true),
                left.count + right.count < 8
            else { return nil }
            let zeros = repeatElement(UInt16(0), count: 8 - left.count - right.count)
            groups = left + zeros + right
        } else {
            guard let all = Self.groups(text, endsAddress: true), all.count == 8 else { return nil }
            groups = all
        }
        let number = { (groups: ArraySlice<UInt16>) in
            groups.reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        }
        self.init(high: number(groups[..<4]), low: number(groups[4...]))
    }

    /// Reads an entry of `X-Forwarded-For`: an address, perhaps with a port, and then one of version 6 in brackets.
    package init?(forwarded entry: some StringProtocol) {
        var text = Substring(entry).drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { return nil }
            text = text[text.index(after: text.startIndex)..<end]
        } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
            text = text[..<colon]
        }
        self.init(text)
    }

    /// Whether it is of version 4.
    package var isVersion4: Bool { self.high == 0 && self.low >> 32 == Self.version4Prefix >> 32 }

    /// Whether it is this machine's for itself.
    package var isLoopback: Bool {
        self.isVersion4 ? self.low >> 24 & 0xFF == 127 : self.high == 0 && self.low == 1
    }

    /// What one client has: an address of version 4, or a network of version 6, whose 2^64 addresses are all its own.
    package var client: IPAddress {
        self.isVersion4 ? self : IPAddress(high: self.high, low: 0)
    }

    private static func dotted(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count),
                part.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                part == "0" || part.first != "0", let byte = UInt8(part)
            else { return nil }
            number = number << 8 | UInt32(byte)
        }
        return number
    }

    /// The groups of 16 bits between colons; the last of an address may be written as one of version 4.
    private static func groups(_ text: Substring, endsAddress: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if endsAddress, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard let number = Self.dotted(part) else { return nil }
                groups.append(UInt16(number >> 16))
                groups.append(UInt16(truncatingIfNeeded: number))
                continue
            }
            guard (1...4).contains(part.utf8.count),
                part.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }
}
