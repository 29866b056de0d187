import Access
import Identity
import JWTKit
import LogModel
import Testing

/// A change to a good token, and the code with which the result is refused; nil if it is accepted.
struct Mutation: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (SampleToken) -> SampleToken
    let code: AuthenticationError.Code?

    init(
        header name: String, _ json: String?, _ code: AuthenticationError.Code? = nil
    ) {
        self.testDescription = "header \(name): \(json ?? "none")"
        self.change = { $0.header(name, json) }
        self.code = code
    }

    init(claim name: String, _ json: String?, _ code: AuthenticationError.Code? = nil) {
        self.testDescription = "claim \(name): \((json ?? "none").prefix(40))"
        self.change = { $0.claim(name, json) }
        self.code = code
    }

    static let now = SampleToken.now

    static let all = [
        Mutation(header: "none", nil),
        Mutation(header: "kid", nil, .notTrusted),
        Mutation(header: "kid", "\"two\"", .notTrusted),
        Mutation(header: "kid", "\"\"", .notTrusted),
        Mutation(header: "kid", "1", .malformed),
        Mutation(header: "alg", nil, .malformed),
        Mutation(header: "alg", "\"none\"", .notTrusted),
        Mutation(header: "alg", "\"hs256\"", .notTrusted),
        Mutation(header: "alg", "\"HS512\"", .notTrusted),
        Mutation(header: "alg", "\"RS256\"", .notTrusted),
        Mutation(header: "alg", "[\"HS256\"]", .malformed),
        Mutation(header: "typ", nil),
        Mutation(header: "typ", "\"at+jwt\""),
        Mutation(header: "typ", "\"jwt\""),
        Mutation(header: "typ", "\"dpop+jwt\"", .notAcceptable),
        Mutation(header: "typ", "null", .malformed),
        Mutation(header: "crit", "[\"exp\"]", .notAcceptable),
        Mutation(header: "jku", "\"https://example.com/keys\"", .notAcceptable),
        Mutation(header: "x5u", "\"https://example.com/key\"", .notAcceptable),
        Mutation(header: "jwk", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", .notAcceptable),
        Mutation(header: "x5c", "[]", .notAcceptable),
        Mutation(header: "cty", "\"x\""),
        Mutation(header: "deep", "[[[[[]]]]]", .malformed),

        Mutation(claim: "iss", nil, .notTrusted),
        Mutation(claim: "iss", "\"other\"", .notTrusted),
        Mutation(claim: "iss", "\"App\"", .notTrusted),
        Mutation(claim: "iss", "[\"app\"]", .notTrusted),
        Mutation(claim: "aud", nil, .notAcceptable),
        Mutation(claim: "aud", "\"livelog2\"", .notAcceptable),
        Mutation(claim: "aud", "[\"x\",\"livelog\"]"),
        Mutation(claim: "aud", "[\"x\"]", .notAcceptable),
        Mutation(claim: "aud", "[]", .notAcceptable),
        Mutation(claim: "aud", "{\"livelog\":1}", .notAcceptable),
        Mutation(claim: "sub", nil, .notAcceptable),
        Mutation(claim: "sub", "\"\"", .notAcceptable),
        Mutation(claim: "sub", "7", .notAcceptable),
        Mutation(claim: "sub", "\"\(String(repeating: "s", count: 256))\""),
        Mutation(claim: "sub", "\"\(String(repeating: "s", count: 257))\"", .notAcceptable),
        Mutation(claim: "exp", nil, .notAcceptable),
        Mutation(claim: "exp", "\"\(now + 600)\"", .notAcceptable),
        Mutation(claim: "exp", "null", .notAcceptable),
        Mutation(claim: "exp", "true", .notAcceptable),
        Mutation(claim: "exp", "1e300", .notAcceptable),
        Mutation(claim: "exp", "-1e300", .notAcceptable),
        Mutation(claim: "exp", "\(now + 600).5"),
        Mutation(claim: "exp", "\(now - 29)"),
        Mutation(claim: "exp", "\(now - 30)", .expired),
        Mutation(claim: "exp", "\(now + 86_400)"),
        Mutation(claim: "exp", "\(now + 86_401)", .notAcceptable),
        Mutation(claim: "iat", nil),
        Mutation(claim: "iat", "\(now + 30)"),
        Mutation(claim: "iat", "\(now + 31)", .notYetValid),
        Mutation(claim: "iat", "\(now + 600 - 86_400)"),
        Mutation(claim: "iat", "\(now + 599 - 86_400)", .notAcceptable),
        Mutation(claim: "iat", "\"\(now)\"", .notAcceptable),
        Mutation(claim: "nbf", "\(now)"),
        Mutation(claim: "nbf", "\(now + 30)"),
        Mutation(claim: "nbf", "\(now + 31)", .notYetValid),
        Mutation(claim: "nbf", "\"soon\"", .notAcceptable),
    ]
}

@Test(arguments: Mutation.all) func eachMemberOfATokenIsHeldToItsRule(_ mutation: Mutation)
    async throws
{
    let server = try await authenticator(options(issuer("app", secretKey())))
    let token = try await mutation.change(SampleToken()).signed()
    #expect(await server.refusal(bearer: token) == mutation.code)
}

@Test func withoutIssuedTimeTheLifetimeCountsFromNow() async throws {
    let server = try await authenticator(options(issuer("app", secretKey())))
    let token = SampleToken().claim("iat", nil)
    let longest = try await token.claim("exp", "\(SampleToken.now + 86_400)").signed()
    let longer = try await token.claim("exp", "\(SampleToken.now + 86_401)").signed()
    #expect(await server.refusal(bearer: longest) == nil)
    #expect(await server.refusal(bearer: longer) == .notAcceptable)
}

@Test func textThatIsNoTokenIsMalformed() async throws {
    let server = try await authenticator(options(issuer("app", secretKey())))
    let good = try await SampleToken().signed()
    let parts = good.split(separator: ".").map(String.init)
    let notJSON = Base64URL.text(Array("{".utf8))
    let list = Base64URL.text(Array("[]".utf8))
    var twice = SampleToken()
    twice.header.append(("alg", "\"none\""))
    var claimedTwice = SampleToken()
    claimedTwice.claims.append(("sub", "\"8\""))
    let texts = [
        "", ".", "..", "a", parts[0] + "." + parts[1], good + ".", good + ".a",
        good + "=", " " + good, good + "\n", "é." + parts[1] + "." + parts[2],
        "\(notJSON).\(parts[1]).\(parts[2])", "\(parts[0]).\(notJSON).\(parts[2])",
        "\(list).\(parts[1]).\(parts[2])", "\(parts[0]).\(list).\(parts[2])",
        try await twice.signed(), try await claimedTwice.signed(),
        try await SampleToken().claim("x", "\"\(String(repeating: "x", count: 8192))\"").signed(),
    ]
    for text in texts {
        #expect(await server.refusal(bearer: text) == .malformed, "\(text.prefix(60))")
    }
    // What only lacks its signature is well formed and not trusted.
    #expect(await server.refusal(bearer: "\(parts[0]).\(parts[1]).") == .notTrusted)
}

@Test func aTokenOf8KiBIsRead() async throws {
    let server = try await authenticator(options(issuer("app", secretKey())))
    // 3 bytes of JSON are 4 of the token, so one of four lengths is the limit itself.
    var longest = 0
    for count in 5_800..<6_000 {
        let token = try await SampleToken()
            .claim("x", "\"\(String(repeating: "x", count: count))\"").signed()
        let isRead = await server.refusal(bearer: token) == nil
        #expect(isRead == (token.utf8.count <= 8192))
        if isRead { longest = max(longest, token.utf8.count) }
    }
    #expect((8189...8192).contains(longest))
}

@Test func everyChangedBitOfASignatureIsNoticed() async throws {
    let server = try await authenticator(options(issuer("app", secretKey())))
    let token = SampleToken()
    let signature = try await hmac(SampleKeys.secret).sign(Array(token.text.utf8))
    for bit in 0..<(signature.count * 8) {
        var changed = signature
        changed[bit / 8] ^= 1 << (bit % 8)
        let text = "\(token.text).\(Base64URL.text(changed))"
        #expect(await server.refusal(bearer: text) == .notTrusted)
    }
}

@Test func claimsKeepTheTextOfTheirValues() async throws {
    let server = try await authenticator(options(issuer("app", secretKey())))
    let token = try await SampleToken()
        .claim("user", "7").claim("ratio", "1.50").claim("big", "12345678901234567890")
        .claim("name", "\"\\u00e9\"").claim("active", "true").claim("nothing", "null")
        .claim("teams", "[1,\"2\",true]").claim("empty", "[]")
        .claim("deep", "[[1]]").claim("object", "{}").claim("holes", "[1,null]")
        .claim("scope", "\"read  write\"").claim("is_staff", "true").signed()
    let principal = try await server.principal(of: Credentials(bearer: token))
    #expect(principal.origin == .token)
    #expect(principal.subject == "7")
    #expect(principal.isStaff)
    #expect(principal.scopes == ["read", "write"])
    #expect(principal.expiry == SampleToken.now + 630)
    #expect(principal.grant == nil)
    let expected: [String: Claim?] = [
        "user": .scalar(.number(7)),
        "ratio": .scalar(Scalar(kind: .number, text: "1.50")),
        "big": .scalar(Scalar(kind: .number, text: "12345678901234567890")),
        "name": .scalar(.string("é")), "active": .scalar(.boolean(true)),
        "teams": .list([.number(1), .string("2"), .boolean(true)]), "empty": .list([]),
        "deep": nil, "object": nil, "nothing": nil, "holes": nil, "sub": .scalar(.string("7")),
    ]
    for (name, claim) in expected { #expect(principal.claims[name] == claim, "\(name)") }
}

@Test func claimsAreBounded() async throws {
    let server = try await authenticator(options(issuer("app", secretKey())))
    var many = SampleToken()
    for number in 0..<100 { many = many.claim("c\(number)", "1") }
    let named = try await server.principal(of: Credentials(bearer: many.signed()))
    #expect(named.claims.count == 64)
    func list(_ count: Int) -> String {
        "[\((0..<count).map { _ in "1" }.joined(separator: ","))]"
    }
    let lists = SampleToken().claim("a", list(999)).claim("b", list(2)).claim("c", list(1))
    let listed = try await server.principal(of: Credentials(bearer: lists.signed()))
    #expect(listed.claims["a"]?.values.count == 999)
    #expect(listed.claims["b"] == nil)
    #expect(listed.claims["c"]?.values.count == 1)
}

@Test func onlyTrueMakesStaff() async throws {
    var trusted = issuer("app", secretKey())
    trusted.staffClaim = "boss"
    trusted.scopeClaim = "may"
    let server = try await authenticator(options(trusted))
    for json in ["1", "\"true\"", "[true]", "false", "null"] {
        let token = try await SampleToken().claim("boss", json).claim("is_staff", "true").signed()
        #expect(try await !server.principal(of: Credentials(bearer: token)).isStaff, "\(json)")
    }
    let token = try await SampleToken().claim("boss", "true").claim("may", "[\"a\",1,\"b\"]")
        .signed()
    let principal = try await server.principal(of: Credentials(bearer: token))
    #expect(principal.isStaff)
    #expect(principal.scopes == ["a", "b"])
}

@Test func developmentTokensAreAccepted() async throws {
    let server = try await authenticator(options(issuer("app", secretKey())))
    var token = DevelopmentToken(
        issuer: "app", audience: "livelog", subject: "7\"", issued: SampleToken.now, seconds: 60,
        keyID: "one")
    token.claims = [("teams", Array("[1,2]".utf8))]
    let text = token.signed(secret: Array(SampleKeys.secret.utf8))
    let principal = try await server.principal(of: Credentials(bearer: text))
    #expect(principal.subject == "7\"")
    #expect(principal.claims["teams"] == .list([.number(1), .number(2)]))
    #expect(principal.expiry == SampleToken.now + 90)
}
