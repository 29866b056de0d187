import Access
import Testing

/// Addresses as they are written, and who is behind a proxy.
struct IPAddressTests {
    /// A text, and the same address as it is kept.
    private static let texts: [(String, UInt64, UInt64)] = [
        ("0.0.0.0", 0, 0xFFFF_0000_0000), ("192.0.2.1", 0, 0xFFFF_C000_0201),
        ("255.255.255.255", 0, 0xFFFF_FFFF_FFFF), ("::", 0, 0), ("::1", 0, 1),
        ("1::", 0x0001_0000_0000_0000, 0), ("2001:db8::1", 0x2001_0DB8_0000_0000, 1),
        ("2001:DB8:0:0:0:0:0:1", 0x2001_0DB8_0000_0000, 1),
        ("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004, 0x0005_0006_0007_0008),
        ("1:2:3:4:5:6:7::", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000),
        ("::ffff:192.0.2.1", 0, 0xFFFF_C000_0201), ("::192.0.2.1", 0, 0xC000_0201),
        ("1:2:3:4:5:6:192.0.2.1", 0x0001_0002_0003_0004, 0x0005_0006_C000_0201),
    ]

    @Test(arguments: texts.indices) func anAddressIsReadHoweverItIsWritten(_ index: Int) {
        let (text, high, low) = Self.texts[index]
        #expect(IPAddress(text) == IPAddress(high: high, low: low))
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", "-1.2.3.4", "1.2.3.4 ",
        ":", ":::", "1:::2", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
        "12345::", "g::", "+1::", "1.2.3.4::", "::1.2.3.4:5", "fe80::1%eth0", "[::1]", "１.2.3.4",
        String(repeating: "0", count: 100) + "::1",
    ])
    func whatIsNoAddressIsNone(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func addressesOfThisMachineAreKnown() {
        for text in ["127.0.0.1", "127.255.1.2", "::1", "::ffff:127.0.0.1"] {
            #expect(IPAddress(text)?.isLoopback == true, "\(text)")
        }
        for text in ["128.0.0.1", "10.0.0.1", "::", "::2", "::127.0.0.1", "1::1"] {
            #expect(IPAddress(text)?.isLoopback == false, "\(text)")
        }
    }

    @Test func oneClientHasAWholeNetworkOfVersion6() {
        #expect(IPAddress("2001:db8::1")?.client == IPAddress("2001:db8::ffff:1")?.client)
        #expect(IPAddress("2001:db8::1")?.client != IPAddress("2001:db8:0:1::1")?.client)
        #expect(IPAddress("192.0.2.1")?.client != IPAddress("192.0.2.2")?.client)
    }

    /// A network, an address that is of it, and one that is not.
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"), ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("192.0.2.0/31", "::ffff:192.0.2.1", "192.0.2.2"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("2001:db8::/65", "2001:db8::7fff:0:0:1", "2001:db8::8000:0:0:1"),
        ("::1/128", "::1", "::2"), ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
    ])
    func aNetworkHasItsAddresses(_ network: String, _ inside: String, _ outside: String) throws {
        let network = try #require(TrustedProxies.Network(network))
        #expect(network.contains(try #require(IPAddress(inside))))
        #expect(!network.contains(try #require(IPAddress(outside))))
    }

    @Test(arguments: [
        "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "/8", "a", "::/129",
    ])
    func whatIsNoNetworkIsNone(_ text: String) {
        #expect(TrustedProxies.Network(text) == nil)
    }

    /// Who connects, what the header says, and who it is.
    private static let forwarded: [(String, [String], String)] = [
        // Who is not trusted is who connects, whatever they say.
        ("203.0.113.1", ["198.51.100.1"], "203.0.113.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        // Only what a trusted proxy has added counts.
        ("10.0.0.1", ["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["127.0.0.1", "198.51.100.1 , 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", ["10.0.0.3,10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [""], "10.0.0.1"),
    ]

    @Test(arguments: forwarded.indices) func theLastThatIsNotTrustedIsTheClient(_ index: Int) throws
    {
        let (peer, fields, client) = Self.forwarded[index]
        let network = try #require(TrustedProxies.Network("10.0.0.0/8"))
        let peerAddress = try #require(IPAddress(peer))
        let found = TrustedProxies([network]).client(of: peerAddress, forwardedFor: fields)
        #expect(found == IPAddress(client))
    }

    @Test func aHeaderWithoutEndIsNotReadToItsEnd() throws {
        let network = try #require(TrustedProxies.Network("10.0.0.0/8"))
        let peer = try #require(IPAddress("10.0.0.1"))
        let field = "198.51.100.1" + String(repeating: ", 10.0.0.2", count: 1000)
        #expect(
            TrustedProxies([network]).client(of: peer, forwardedFor: [field])
                == IPAddress("10.0.0.2"))
    }
}
