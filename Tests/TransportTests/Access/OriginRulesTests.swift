import Testing
import Transport

/// Which pages may connect.
struct OriginRulesTests {
    private static let app = "https://app.example.com"

    private static let table:
        [(rules: OriginRules, origin: String?, host: String?, isAllowed: Bool)] = [
            // On loopback, nobody named: pages of this machine, and no name that only leads here.
            (OriginRules(), nil, "127.0.0.1:8080", true),
            (OriginRules(), "http://localhost:3000", "127.0.0.1:8080", true),
            (OriginRules(), "http://127.0.0.1", "localhost:8080", true),
            (OriginRules(), "http://[::1]:3000", "[::1]:8080", true),
            (OriginRules(), "http://evil.example:8080", "evil.example:8080", false),
            (OriginRules(), "http://localhost.evil.example", "127.0.0.1:8080", false),
            (OriginRules(), "http://127.0.0.1.evil.example", "127.0.0.1:8080", false),
            (OriginRules(), "null", "127.0.0.1:8080", false),
            (OriginRules(), "", "127.0.0.1:8080", false),
            // With names: those, and the server's own.
            (OriginRules(allowed: [app]), app, "127.0.0.1:8080", true),
            (OriginRules(allowed: [app]), "HTTPS://App.Example.com", "127.0.0.1:8080", true),
            (OriginRules(allowed: [app]), app + ":8443", "127.0.0.1:8080", false),
            (OriginRules(allowed: [app]), "http://app.example.com", "127.0.0.1:8080", false),
            (OriginRules(allowed: [app]), "http://127.0.0.1:8080", "127.0.0.1:8080", true),
            (OriginRules(allowed: [app]), "http://127.0.0.1:3000", "127.0.0.1:8080", false),
            (OriginRules(allowed: [app]), "http://evil.example", "evil.example", false),
            // Elsewhere: those that are named, and the server's own name.
            (OriginRules(isLoopback: false), "https://log.example", "log.example", true),
            (OriginRules(isLoopback: false), "https://log.example", "other.example", false),
            (OriginRules(isLoopback: false), "http://localhost:3000", "log.example", false),
            (OriginRules(isLoopback: false), "null", "log.example", false),
            (OriginRules(isLoopback: false), app, nil, false),
            (OriginRules(allowsAll: true), "null", "127.0.0.1:8080", true),
        ]

    @Test(arguments: table.indices)
    func aPageIsAllowedOrNot(_ index: Int) {
        let (rules, origin, host, isAllowed) = Self.table[index]
        #expect(
            rules.allows(origin, host: host) == isAllowed,
            "\(origin ?? "no origin") at \(host ?? "no host")")
    }

    @Test(arguments: [
        ("localhost", true), ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true),
        ("127.0.0.256", false), ("127.0.0.1.a", false), ("128.0.0.1", false), ("0.0.0.0", false),
        ("::", false), ("", false), ("localhost.a", false),
    ])
    func aNameIsOfThisMachineOrNot(_ name: String, _ isLoopback: Bool) {
        #expect(OriginRules.isLoopback(name) == isLoopback)
    }
}
