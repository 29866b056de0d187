import Access
import Identity
import JWTKit
import LogModel
import Logging
import NIOHTTP1
import Testing

/// What the application is asked about records, and what counts as an answer.
struct DecisionTests {
    private static let inquiry = Inquiry(
        name: "tasks \"of mine\"",
        principals: [
            .anonymous,
            Principal(
                origin: .token, subject: "7",
                claims: ["teams": .list([.number(1), .string("b")]), "org": .scalar(.number(3))],
                scopes: ["write", "read"], isStaff: true),
        ],
        records: [
            .init(
                model: "todolist.Task", key: .number(1), offset: Offset(17),
                instance: Array(#"{"id":1}"#.utf8)),
            .init(model: "m", key: .string("a\"b"), offset: Offset(18), instance: []),
        ],
        pairs: [.init(principal: 0, record: 0), .init(principal: 1, record: 1)])

    private static func client(
        _ url: String, _ change: (inout DecisionCallback) -> Void = { _ in }
    ) throws -> DecisionClient {
        var callback = DecisionCallback(url: url, secret: SampleKeys.secret)
        change(&callback)
        return try DecisionClient(
            callback, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: { SampleToken.now })
    }

    @Test func theApplicationIsToldWhoWantsToSeeWhat() async throws {
        try await TestServer.run({ _ in .init(body: #"{"allowed":[true,false]}"#) }) { web in
            let client = try Self.client(web.url)
            #expect(await client.decide(Self.inquiry) == [true, false])
            let request = try #require(web.requests.first)
            #expect(request.method == .POST)
            let body = String(decoding: request.body, as: UTF8.self)
            #expect(
                body == #"{"ask":"tasks \"of mine\"","principals":["#
                    + #"{"subject":null,"claims":{},"scopes":[],"staff":false},"#
                    + #"{"subject":"7","claims":{"org":3,"teams":[1,"b"]},"#
                    + #""scopes":["read","write"],"staff":true}],"#
                    + #""records":[{"model":"todolist.Task","key":1,"offset":17,"instance":{"id":1}},"#
                    + #"{"model":"m","key":"a\"b","offset":18,"instance":null}],"#
                    + #""pairs":[[0,0],[1,1]]}"#)
            let timestamp = try #require(request.headers.first(name: "Livelog-Timestamp"))
            let signature = try await hmac(SampleKeys.secret).sign(
                Array("\(timestamp).\(body)".utf8))
            let hex = signature.map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
            #expect(request.headers["Livelog-Signature"] == ["v1=\(hex)"])
        }
    }

    @Test func whatIsNotExactlyAnAnswerIsNone() async throws {
        let answers: [TestServer.Answer] = [
            .init(body: ""), .init(body: "[true,true]"), .init(body: #"{"allowed":[true]}"#),
            .init(body: #"{"allowed":[true,true,true]}"#), .init(body: #"{"allowed":[true,1]}"#),
            .init(body: #"{"allowed":[true,null]}"#), .init(body: #"{"allowed":true}"#),
            .init(body: #"{"allowed":{"0":true,"1":true}}"#),
            .init(status: 403, body: #"{"allowed":[true,true]}"#),
            .init(status: 500, body: #"{"allowed":[true,true]}"#),
            .init(status: 302, body: #"{"allowed":[true,true]}"#, location: "/elsewhere"),
            .init(
                body: #"{"allowed":[true,true],"x":""# + String(repeating: "x", count: 70_000)
                    + #""}"#),
        ]
        for answer in answers {
            try await TestServer.run({ _ in answer }) { web in
                let client = try Self.client(web.url)
                #expect(
                    await client.decide(Self.inquiry) == nil,
                    "\(answer.status) \(answer.body.prefix(60))")
                #expect(web.requests.count == 1)
            }
        }
        try await TestServer.run({ _ in nil }) { web in
            let client = try Self.client(web.url) { $0.timeoutSeconds = 1 }
            #expect(await client.decide(Self.inquiry) == nil)
        }
        let nobody = try Self.client("http://127.0.0.1:1/decide")
        #expect(await nobody.decide(Self.inquiry) == nil)
    }

    @Test func aCallbackThatCannotBeAskedIsRefused() {
        for (url, secret) in [
            ("127.0.0.1/decide", SampleKeys.secret), ("http://user@h/", SampleKeys.secret),
            ("http://127.0.0.1/decide", "short"),
        ] {
            #expect(throws: IdentityOptionsError.self) {
                try Self.client(url) { $0.secret = secret }
            }
        }
    }
}
