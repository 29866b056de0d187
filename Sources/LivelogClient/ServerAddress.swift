/// Where a server is, from a URL such as `http://127.0.0.1:8080` or `https://log.example/livelog`.
package struct ServerAddress: Hashable, Sendable {
    /// Whether the connection is encrypted.
    package let isEncrypted: Bool
    /// The host name or address, without the brackets of an IPv6 address.
    package let host: String
    /// The port.
    package let port: Int
    /// The path that all requests begin with: empty, or with a leading and without a trailing slash.
    package let basePath: String

    /// Reads a URL with the scheme `http`, `https`, `ws` or `wss`.
    ///
    /// - Throws: `invalid-argument` if it is no such URL, or has a user, a query or a fragment.
    package init(url: String) throws(ClientError) {
        func invalid(_ reason: String) -> ClientError {
            ClientError(.invalidArgument, "\"\(url)\" is not a server's URL: \(reason)")
        }
        let isPlain = url.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        guard isPlain else { throw invalid("it has a blank or a character outside of ASCII") }
        guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else {
            throw invalid("it does not begin with http:// or https://")
        }
        switch url[..<colon].lowercased() {
        case "http", "ws": self.isEncrypted = false
        case "https", "wss": self.isEncrypted = true
        default: throw invalid("the scheme is not http or https")
        }
        var rest = url[colon...].dropFirst(3)
        guard !rest.contains(where: { "?#@".contains($0) }) else {
            throw invalid("it has a user, a query or a fragment")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var path = rest[slash...]
        while path.hasSuffix("/") { path.removeLast() }
        self.basePath = String(path)
        rest = rest[..<slash]

        var portText: Substring?
        if rest.hasPrefix("[") {
            guard let bracket = rest.firstIndex(of: "]") else { throw invalid("a ] is missing") }
            self.host = String(rest[..<bracket].dropFirst())
            let tail = rest[bracket...].dropFirst()
            guard tail.isEmpty || tail.hasPrefix(":") else {
                throw invalid("after ] comes no port")
            }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else {
            let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            self.host = parts.first.map(String.init) ?? ""
            portText = parts.count == 2 ? parts[1] : nil
        }
        guard !self.host.isEmpty else { throw invalid("the host is missing") }
        guard let portText else {
            self.port = self.isEncrypted ? 443 : 80
            return
        }
        guard let port = UInt16(portText), port > 0 else {
            throw invalid("\"\(portText)\" is not a port")
        }
        self.port = Int(port)
    }

    /// The host and port, as in the `Host` header: without the port where it is the scheme's own.
    package var authority: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.isEncrypted ? 443 : 80) ? host : "\(host):\(self.port)"
    }

    /// The URL that changes are posted to.
    package var changesURL: String {
        "\(self.isEncrypted ? "https" : "http")://\(self.authority)\(self.basePath)/v1/changes"
    }

    /// The path of the WebSocket for subscribers.
    package var subscribePath: String { "\(self.basePath)/ws/subscribe/" }

    /// The path of the WebSocket for producers.
    package var publishPath: String { "\(self.basePath)/ws/publish/" }
}
