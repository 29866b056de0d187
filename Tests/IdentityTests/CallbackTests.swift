import Access
import Identity
import JWTKit
import LogModel
import NIOHTTP1
import Testing

private func callback(_ url: String, _ change: (inout ConnectCallback) -> Void = { _ in })
    -> IdentityOptions
{
    var callback = ConnectCallback(url: url, secret: SampleKeys.secret)
    callback.cookies = ["sessionid", "token"]
    change(&callback)
    var options = IdentityOptions()
    options.callback = callback
    return options
}

private let seven =
    "{\"subject\":\"7\",\"claims\":{\"teams\":[1,2],\"n\":1.0},\"scopes\":[\"a\"],"
    + "\"staff\":true,\"expires_in\":60,\"more\":1}"

private func cookie(_ text: String) -> Credentials { Credentials(cookie: text) }

@Test func theApplicationSaysWhoHasACookie() async throws {
    try await TestServer.run({ _ in .init(body: seven) }) { web in
        let server = try await authenticator(callback(web.url))
        let principal = try await server.principal(
            of: cookie("theme=dark; sessionid=a\"b=; other=1"))
        #expect(
            principal
                == Principal(
                    origin: .application, subject: "7",
                    claims: [
                        "teams": .list([.number(1), .number(2)]),
                        "n": .scalar(Scalar(kind: .number, text: "1.0")),
                    ], scopes: ["a"], isStaff: true, expiry: SampleToken.now + 60))
        let request = try #require(web.requests.first)
        #expect(request.method == .POST)
        let body = String(decoding: request.body, as: UTF8.self)
        #expect(body == "{\"cookies\":{\"sessionid\":\"a\\\"b=\"}}")
        #expect(request.headers.first(name: "Cookie") == nil)
        #expect(request.headers.first(name: "Content-Type") == "application/json")
        let timestamp = try #require(request.headers.first(name: "Livelog-Timestamp"))
        #expect(timestamp == "\(SampleToken.now)")
        let signature = try await hmac(SampleKeys.secret).sign(Array("\(timestamp).\(body)".utf8))
        let hex = signature.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
        #expect(request.headers["Livelog-Signature"] == ["v1=\(hex)"])
    }
}

@Test func onlyCookiesThatCountAreLookedAt() async throws {
    try await TestServer.run({ _ in .init(body: "{\"subject\":null}") }) { web in
        let server = try await authenticator(callback(web.url))
        for text in [
            "", ";", "theme=dark", "Sessionid=1", "sessionid", "xsessionid=1; y=sessionid=2",
        ] {
            #expect(try await server.principal(of: cookie(text)) == .anonymous)
        }
        #expect(web.requests.isEmpty)
        let bodies = [
            ("sessionid=1;token=2", "{\"sessionid\":\"1\",\"token\":\"2\"}"),
            ("token=4; sessionid=3; x=5", "{\"sessionid\":\"3\",\"token\":\"4\"}"),
            ("sessionid=1; sessionid = 6 ", "{\"sessionid\":\"6\"}"),
        ]
        for (text, cookies) in bodies {
            #expect(try await server.principal(of: cookie(text)) == .anonymous)
            let body = web.requests.last.map { String(decoding: $0.body, as: UTF8.self) }
            #expect(body == "{\"cookies\":\(cookies)}")
        }
        let long = "sessionid=\(String(repeating: "x", count: 16 << 10))"
        #expect(await server.refusal(cookie(long)) == .malformed)
    }
}

@Test func withoutAGoodAnswerNobodyIsLetIn() async throws {
    let broken: [TestServer.Answer] = [
        .init(status: 500, body: seven), .init(status: 201, body: seven), .init(status: 401),
        .init(status: 302, body: seven, location: "/elsewhere"), .init(body: ""),
        .init(body: "{}"), .init(body: "null"), .init(body: "{\"subject\":7}"),
        .init(body: "{\"subject\":\"\"}"), .init(body: "{\"subject\":\"7\",\"subject\":\"8\"}"),
        .init(body: "{\"subject\":\"7\",\"claims\":[]}"),
        .init(body: "{\"subject\":\"7\",\"scopes\":\"a\"}"),
        .init(body: "{\"subject\":\"7\",\"staff\":1}"),
        .init(body: "{\"subject\":\"7\",\"expires_in\":0}"),
        .init(body: "{\"subject\":\"7\",\"expires_in\":\"60\"}"),
        .init(body: "{\"subject\":\"\(String(repeating: "s", count: 257))\"}"),
        .init(body: seven + String(repeating: " ", count: 16 << 10)),
    ]
    try await TestServer.run({ _ in nil }) { web in
        let server = try await authenticator(callback(web.url))
        for answer in broken {
            web.answer { _ in answer }
            let count = web.requests.count
            #expect(await server.refusal(cookie("sessionid=1")) == .unavailable, "\(answer)")
            // A failure is not kept, and a redirect is not followed.
            #expect(web.requests.count == count + 1)
        }
        web.answer { _ in .init(body: seven) }
        #expect(await server.refusal(cookie("sessionid=1")) == nil)
    }
}

@Test func anAnswerThatDoesNotComeIsARefusal() async throws {
    try await TestServer.run({ _ in nil }) { web in
        let server = try await authenticator(callback(web.url) { $0.timeoutSeconds = 1 })
        #expect(await server.refusal(cookie("sessionid=1")) == .unavailable)
    }
    // Nobody listens at port 1.
    let server = try await authenticator(callback("http://127.0.0.1:1/"))
    #expect(await server.refusal(cookie("sessionid=1")) == .unavailable)
}

@Test func answersAreKeptForAWhile() async throws {
    try await TestServer.run({ _ in .init(body: seven) }) { web in
        let clock = TestClock()
        let server = try await authenticator(callback(web.url) { $0.cachedMax = 2 }, clock: clock)
        func count(_ text: String) async throws -> Int {
            _ = try await server.principal(of: cookie(text))
            return web.requests.count
        }
        #expect(try await count("sessionid=1") == 1)
        clock.advance(29)
        #expect(try await count("x=2; sessionid=1") == 1)
        #expect(try await count("sessionid=2") == 2)
        clock.advance(1)
        #expect(try await count("sessionid=2") == 2)
        #expect(try await count("sessionid=1") == 3)
        // A third drives out the one that was asked for the longest time ago.
        #expect(try await count("sessionid=3") == 4)
        #expect(try await count("sessionid=1") == 4)
        #expect(try await count("sessionid=2") == 5)
        // The application's own time is not exceeded.
        web.answer { _ in .init(body: "{\"subject\":\"8\",\"expires_in\":5}") }
        #expect(try await count("token=1") == 6)
        clock.advance(5)
        #expect(try await count("token=1") == 7)
    }
}

@Test func theSameCookiesAreAskedForOnceAtATime() async throws {
    try await TestServer.run({ _ in .init(body: seven) }) { web in
        let server = try await authenticator(callback(web.url))
        let subjects = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 {
                group.addTask { try await server.principal(of: cookie("sessionid=1")).subject }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(subjects == Array(repeating: "7", count: 100))
        #expect(web.requests.count == 1)
    }
}

@Test func callbacksThatCannotBeAskedAreRefusedAtTheStart() async throws {
    let url = "https://app.example/whoami"
    let cases: [(IdentityOptions, String)] = [
        (callback("app.example"), "has to begin with"), (callback("ftp://a/"), "has to begin with"),
        (callback("http://"), "has to begin with"), (callback("http:///x"), "has to begin with"),
        (callback("http://u:p@a/"), "has to begin with"), (callback("http://a/ b"), "has to begin"),
        (callback(url) { $0.secret = "hidden" }, "at least 32 bytes"),
        (callback(url) { $0.cookies = [] }, "names of the cookies"),
        (callback(url) { $0.timeoutSeconds = 0 }, "1 to 60 seconds"),
        (callback(url) { $0.cacheSeconds = -1 }, "0 to 86400"),
        (callback(url) { $0.cachedMax = -1 }, "negative"),
    ]
    for (options, part) in cases {
        do {
            _ = try await authenticator(options)
            Issue.record("accepted: \(part)")
        } catch let error as IdentityOptionsError {
            #expect(error.message.contains(part), "\(error.message)")
            #expect(!error.message.contains("hidden"))
        }
    }
}
