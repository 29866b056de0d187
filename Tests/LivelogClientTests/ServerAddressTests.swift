import LivelogClient
import Testing

@Suite struct ServerAddressTests {
    @Test(arguments: [
        (
            "http://127.0.0.1:8080", "127.0.0.1", 8080,
            "http://127.0.0.1:8080/v1/changes", "/ws/subscribe/"
        ),
        (
            "http://log.example/", "log.example", 80, "http://log.example/v1/changes",
            "/ws/subscribe/"
        ),
        (
            "HTTPS://log.example", "log.example", 443, "https://log.example/v1/changes",
            "/ws/subscribe/"
        ),
        ("wss://a:444/b/c//", "a", 444, "https://a:444/b/c/v1/changes", "/b/c/ws/subscribe/"),
        ("ws://[::1]:9", "::1", 9, "http://[::1]:9/v1/changes", "/ws/subscribe/"),
        ("http://[::1]", "::1", 80, "http://[::1]/v1/changes", "/ws/subscribe/"),
    ])
    func urlsAreTakenApart(
        url: String, host: String, port: Int, changes: String, subscribe: String
    ) throws {
        let address = try ServerAddress(url: url)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.changesURL == changes)
        #expect(address.subscribePath == subscribe)
    }

    @Test(arguments: [
        "", "localhost:8080", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:65536",
        "http://a:x", "http://a:", "http://[::1", "http://[::1]x", "http://u@a", "http://a?x=1",
        "http://a#x", "http://a b", "http://a\r\nX: y", "http://ä",
    ])
    func otherTextIsRefused(url: String) {
        let error = #expect(throws: ClientError.self) { try ServerAddress(url: url) }
        #expect(error?.code == .invalidArgument)
    }
}
