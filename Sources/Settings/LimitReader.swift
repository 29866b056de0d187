import Access
import Yams

/// What a configuration file says of limits. What is nil it does not say, and then the server's default holds.
package struct LimitSettings: Hashable, Sendable {
    /// Connections of one address at a time, also of this machine's.
    package var connectionsPerAddress: Int?
    /// WebSockets and streams of one principal at a time.
    package var connectionsPerPrincipal: Int?
    /// Credentials of one address that are not accepted, a minute, also of this machine's.
    package var failedAuthenticationsPerMinute: Int?
    /// Messages of a subscriber's WebSocket a second.
    package var messagesPerSecond: Int?
    /// Messages of a subscriber's WebSocket at once.
    package var messageBurst: Int?
    /// Pings of a WebSocket in ten seconds.
    package var pingsPerTenSeconds: Int?
    /// Requests of one client a second.
    package var requestsPerSecond: Int?
    /// Requests of one client that read the log at a time.
    package var readsPerClient: Int?
    /// Records that one client publishes a second.
    package var recordsPerSecond: Int?
    /// Bytes of changes that one client publishes a second.
    package var bytesPerSecond: Int?
    /// Seconds without a word after which a WebSocket is closed.
    package var silenceSeconds: Int?

    /// Creates settings that say nothing.
    package init() {}

    /// The name of each limit in a file, what it may be, and where it is here.
    fileprivate static var fields:
        [(name: String, range: ClosedRange<Int>, path: WritableKeyPath<LimitSettings, Int?>)]
    {
        let many = 1...1_000_000_000
        return [
            ("bytes_per_second", many, \.bytesPerSecond),
            ("connections_per_address", 1...1_000_000, \.connectionsPerAddress),
            ("connections_per_principal", 1...1_000_000, \.connectionsPerPrincipal),
            ("failed_authentications_per_minute", 1...1_000_000, \.failedAuthenticationsPerMinute),
            ("message_burst", 1...1_000_000, \.messageBurst),
            ("messages_per_second", 1...1_000_000, \.messagesPerSecond),
            ("pings_per_ten_seconds", 1...1_000_000, \.pingsPerTenSeconds),
            ("reads_per_client", 1...1_000_000, \.readsPerClient),
            ("records_per_second", many, \.recordsPerSecond),
            ("requests_per_second", 1...1_000_000, \.requestsPerSecond),
            ("silence_seconds", 3...3600, \.silenceSeconds),
        ]
    }
}

extension SettingsReader {
    /// The most networks of proxies.
    private static let networksMax = 256

    /// What is said of limits.
    func limits(_ node: Node, _ path: String) -> LimitSettings {
        var limits = LimitSettings()
        let fields = LimitSettings.fields
        let members = self.members(node, path, known: fields.map(\.name))
        for field in fields {
            guard let member = members[field.name] else { continue }
            limits[keyPath: field.path] = self.number(
                member, "\(path).\(field.name)", in: field.range)
        }
        return limits
    }

    /// Networks and addresses.
    func networks(_ node: Node, _ path: String) -> [TrustedProxies.Network] {
        let elements = self.elements(node, path)
        guard elements.count <= Self.networksMax else {
            self.note(node, path, "there are at most \(Self.networksMax) networks")
            return []
        }
        return elements.enumerated().compactMap { index, element in
            let place = "\(path)[\(index)]"
            guard let text = self.text(element, place) else { return nil }
            let network = TrustedProxies.Network(text)
            if network == nil {
                self.note(
                    element, place,
                    "a proxy is an address or a network, 10.0.0.0/8 or \"2001:db8::/32\"")
            }
            return network
        }
    }
}
