import Access
import FoundationEssentials
import Identity
import JWTKit
import Testing

/// A key of a set, and how it signs.
private struct SetKey {
    let id: String?
    let key = ES256PrivateKey()

    init(_ id: String?) { self.id = id }

    /// The key as JSON, with more members.
    func json(_ more: String = "") -> String {
        // The library gives plain base64.
        let point = self.key.publicKey.parameters ?? ("", "")
        func url(_ text: String) -> String {
            Base64URL.text(Array(Data(base64Encoded: text) ?? Data()))
        }
        let id = self.id.map { "\"kid\":\"\($0)\"," } ?? ""
        return "{\(id)\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(url(point.x))\","
            + "\"y\":\"\(url(point.y))\"\(more)}"
    }

    /// A good token by this key.
    func token() async throws -> String {
        let signer = try await JWTKeyCollection().add(ecdsa: self.key).getKey()
        return try SampleToken().header("alg", "\"ES256\"")
            .header("kid", self.id.map { "\"\($0)\"" }).signed(by: signer)
    }
}

private func keySet(_ keys: String...) -> String {
    "{\"keys\":[\(keys.joined(separator: ","))]}"
}

private func options(
    _ source: TokenIssuer.KeySet, _ algorithms: Set<TokenIssuer.Algorithm> = [.es256]
) -> IdentityOptions {
    var trusted = issuer()
    trusted.keySet = source
    trusted.algorithms = algorithms
    return options(trusted)
}

@Test func keysOfAFileChangeWithIt() async throws {
    let one = SetKey("one")
    let two = SetKey("two")
    try await withTemporaryFile(keySet(one.json())) { file in
        let clock = TestClock()
        let server = try await authenticator(options(.file(file.path)), clock: clock)
        #expect(try await server.refusal(bearer: one.token()) == nil)
        #expect(try await server.refusal(bearer: two.token()) == .notTrusted)
        try file.write(keySet(two.json()))
        clock.advance(1)
        #expect(try await server.refusal(bearer: one.token()) == .notTrusted)
        #expect(try await server.refusal(bearer: two.token()) == nil)
        // What is broken does not count for an hour, and then nothing does.
        try file.write("{")
        clock.advance(500)
        #expect(try await server.refusal(bearer: two.token()) == nil)
        clock.advance(3_100)
        #expect(try await server.refusal(bearer: two.token()) == .unavailable)
        try file.write(keySet(two.json(), one.json()))
        clock.advance(1)
        #expect(try await server.refusal(bearer: one.token()) == .expired)
    }
}

@Test func onlyKeysForSignaturesByWantedAlgorithmsCount() async throws {
    let key = SetKey("one")
    let other = SetKey("other")
    let cases: [(String, isUsed: Bool)] = [
        ("", true), (",\"use\":\"sig\"", true), (",\"use\":\"enc\"", false),
        (",\"use\":1", false), (",\"alg\":\"ES256\"", true), (",\"alg\":\"ES384\"", false),
        (",\"alg\":\"HS256\"", false), (",\"alg\":null", false),
    ]
    for (more, isUsed) in cases {
        try await withTemporaryFile(keySet(key.json(more), other.json())) { file in
            let server = try await authenticator(options(.file(file.path)))
            let code: AuthenticationError.Code? = isUsed ? nil : .notTrusted
            #expect(try await server.refusal(bearer: key.token()) == code, "\(more)")
        }
    }
    try await withTemporaryFile(keySet(key.json())) { file in
        await #expect(throws: IdentityOptionsError.self) {
            try await authenticator(options(.file(file.path), [.rs256, .eddsa]))
        }
    }
}

@Test func keySetsThatAreWrongAreRefusedAtTheStart() async throws {
    let key = SetKey("one")
    let texts = [
        "", "[]", "{}", "{\"keys\":{}}", keySet(), keySet("1"), keySet("{}"),
        keySet(key.json(), key.json()), keySet(SetKey(nil).json(), key.json()),
        keySet(key.json().replacing("\"y\":\"", with: "\"y\":\"AA")),
        keySet(
            "{\"kty\":\"oct\",\"k\":\"\(SampleKeys.secret)\",\"kid\":\"one\",\"alg\":\"HS256\"}"),
        "{\"keys\":[],\"keys\":[\(key.json())]}",
    ]
    for text in texts {
        try await withTemporaryFile(text) { file in
            await #expect(throws: IdentityOptionsError.self, "\(text)") {
                try await authenticator(options(.file(file.path)))
            }
        }
    }
}

@Test func anUnknownKeyOfAURLIsAskedForAtMostOnceInTenSeconds() async throws {
    let one = SetKey("one")
    let two = SetKey("two")
    try await TestServer.run({ _ in .init(body: keySet(one.json())) }) { web in
        let clock = TestClock()
        let server = try await authenticator(options(.url(web.url)), clock: clock)
        #expect(web.requests.isEmpty)
        #expect(try await server.refusal(bearer: one.token()) == nil)
        #expect(try await server.refusal(bearer: two.token()) == .notTrusted)
        #expect(web.requests.count == 1)
        web.answer { _ in .init(body: keySet(one.json(), two.json())) }
        clock.advance(9)
        #expect(try await server.refusal(bearer: two.token()) == .notTrusted)
        #expect(web.requests.count == 1)
        clock.advance(1)
        #expect(try await server.refusal(bearer: two.token()) == nil)
        #expect(try await server.refusal(bearer: SetKey("three").token()) == .notTrusted)
        #expect(web.requests.count == 2)
        // A key that went is known until the set is fetched again.
        web.answer { _ in .init(body: keySet(two.json())) }
        clock.advance(299)
        #expect(try await server.refusal(bearer: one.token()) == nil)
        clock.advance(1)
        #expect(try await server.refusal(bearer: one.token()) == .notTrusted)
        #expect(web.requests.count == 3)
    }
}

@Test func keysOfAURLCountForAnHourWithoutIt() async throws {
    let key = SetKey("one")
    try await TestServer.run({ _ in .init(body: keySet(key.json())) }) { web in
        let clock = TestClock()
        let server = try await authenticator(options(.url(web.url)), clock: clock)
        let unlimited = try await key.token()
        #expect(await server.refusal(bearer: unlimited) == nil)
        let broken: [TestServer.Answer] = [
            .init(status: 500), .init(body: "<html>"), .init(body: keySet()),
            .init(body: String(repeating: " ", count: (1 << 20) + 1)),
            .init(status: 302, location: web.url),
        ]
        for answer in broken {
            web.answer { _ in answer }
            let count = web.requests.count
            clock.advance(count == 1 ? 300 : 10)
            #expect(await server.refusal(bearer: unlimited) == nil)
            #expect(web.requests.count == count + 1)
        }
        clock.advance(3_259)
        #expect(await server.refusal(bearer: unlimited) == .expired)
        clock.advance(1)
        #expect(await server.refusal(bearer: unlimited) == .unavailable)
    }
}

@Test func howeverManyWaitTheKeySetIsFetchedOnce() async throws {
    let key = SetKey("one")
    try await TestServer.run({ _ in .init(body: keySet(key.json())) }) { web in
        let server = try await authenticator(options(.url(web.url)))
        let token = try await key.token()
        let refusals = await withTaskGroup(of: AuthenticationError.Code?.self) { group in
            for _ in 0..<100 { group.addTask { await server.refusal(bearer: token) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refusals.allSatisfy { $0 == nil })
        #expect(web.requests.count == 1)
    }
}

@Test func withoutAKeySetNobodyIsTrusted() async throws {
    try await TestServer.run({ _ in .init(status: 404) }) { web in
        let server = try await authenticator(options(.url(web.url)))
        #expect(try await server.refusal(bearer: SetKey("one").token()) == .unavailable)
        #expect(try await server.refusal(bearer: SetKey("one").token()) == .unavailable)
        #expect(web.requests.count == 1)
    }
}
