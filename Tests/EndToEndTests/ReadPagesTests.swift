import Foundation
import Testing

/// Reading over HTTP: pages, long polls, instances, groups, and what is refused.
@Suite struct ReadPagesTests {
    private static func change(_ key: Int, list: Int, _ action: String = "UPDATED") -> String {
        #"{"model":"m","action":"\#(action)","instance":{"id":\#(key),"list":\#(list)}}"# + "\n"
    }

    /// Publishes `count` changes of list 1 and as many of list 2, each in a batch of its own.
    private static func fill(_ server: LivelogServer, _ count: Int) async throws {
        for key in 0..<count {
            try await server.publish(lines: Self.change(key, list: 1))
            try await server.publish(lines: Self.change(1000 + key, list: 2))
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func closedPagesHaveEverythingOnceAndNeverChange() async throws {
        try await withServer { server in
            try await Self.fill(server, 25)
            var page = try await server.page(
                "/v1/changes?model=m&where=list%3D1&from=start&limit=10")
            var offsets = page.records.map(\.offset)
            var closed: [(target: String, reply: RawReply)] = []
            while page.closed == true {
                let next = try #require(page.next)
                let reply = try await server.get(next)
                page = try JSONDecoder().decode(Page.self, from: Data(reply.body.utf8))
                offsets += page.records.map(\.offset)
                if page.closed == true { closed.append((next, reply)) }
            }
            #expect(offsets == (0..<25).map { UInt64(2 * $0) })
            #expect(page.records.count == 5 && closed.count == 1)

            try await Self.fill(server, 3)
            for (target, first) in closed {
                #expect(
                    first.headers["cache-control"] == "public, max-age=31536000, immutable")
                let tag = try #require(first.headers["etag"])
                let again = try await server.get(target)
                #expect(again.body == first.body && again.headers["etag"] == tag)
                let known = try await server.get(target, headers: ["If-None-Match: \(tag)"])
                #expect(known.status == 304 && known.body.isEmpty)
                #expect(known.headers["etag"] == tag)
            }
            // What follows the last page is in the page that it names.
            let rest = try await server.page(try #require(page.next))
            #expect(rest.records.map(\.offset) == [50, 52, 54] && rest.closed == false)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func theTailChangesAndIsNotKept() async throws {
        try await withServer { server in
            try await Self.fill(server, 2)
            let target = "/v1/changes?model=m&from=start"
            let first = try await server.get(target)
            #expect(first.headers["cache-control"] == "no-cache")
            #expect(first.headers["vary"] == "Accept, Origin")
            let tag = try #require(first.headers["etag"])
            let known = try await server.get(target, headers: ["If-None-Match: \(tag)"])
            #expect(known.status == 304)
            try await server.publish(lines: Self.change(5, list: 1))
            let changed = try await server.get(target, headers: ["If-None-Match: \(tag)"])
            #expect(changed.status == 200 && changed.headers["etag"] != tag)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aLongPollAnswersWhenThereIsSomething() async throws {
        try await withServer { server in
            let empty = try await server.page("/v1/changes?model=m&where=list%3D1&from=now")
            let next = try #require(empty.next)
            #expect(empty.records.isEmpty && empty.closed == false)
            // Nobody publishes to the group: it waits for its second, and says how far it has got.
            try await server.publish(lines: Self.change(1, list: 2))
            let waited = try await server.page(next + "&wait=1")
            #expect(waited.records.isEmpty && waited.token != empty.token)
            async let answers = withThrowingTaskGroup(of: Page.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await server.page(next + "&wait=30") }
                }
                return try await group.reduce(into: [Page]()) { $0.append($1) }
            }
            try await server.publish(lines: Self.change(2, list: 2))
            try await server.publish(lines: Self.change(3, list: 1))
            for page in try await answers { #expect(page.records.map(\.offset) == [2]) }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func instancesAndGroupsAreWhatTheyAreAndWere() async throws {
        try await withServer { server in
            try await server.publish(lines: Self.change(1, list: 1, "CREATED"))
            try await server.publish(lines: Self.change(2, list: 1, "CREATED"))
            try await server.publish(lines: Self.change(1, list: 2))
            try await server.publish(lines: Self.change(2, list: 1, "DELETED"))

            let one = try await server.get("/v1/models/m/1")
            #expect(one.status == 200)
            #expect(
                one.body.hasPrefix(#"{"offset":2,"action":"UPDATED","change":"updated","key":1,"#))
            let before = try await server.get("/v1/models/m/1?at=2")
            #expect(before.body.contains(#""instance":{"id":1,"list":1}"#))
            #expect(try await server.get("/v1/models/m/2").status == 404)
            #expect(try await server.get("/v1/models/m/2?at=3").status == 200)

            let history = try await server.page("/v1/models/m/2/history")
            #expect(history.records.map(\.action) == ["CREATED", "DELETED"])
            #expect(history.records.map(\.change) == ["entered", "deleted"])
            #expect(history.records.allSatisfy { $0.time?.hasSuffix("Z") == true })
            let part = try await server.page("/v1/models/m/2/history?limit=1")
            #expect(part.records.count == 1)
            let rest = try await server.page(try #require(part.next))
            #expect(rest.records.map(\.action) == ["DELETED"] && rest.next == nil)
            // The time of a record is a place before it.
            let time = try #require(history.records[1].time)
            #expect(try await server.get("/v1/models/m/2?at=\(time)").status == 200)

            let now = try await server.page("/v1/models/m?where=list%3D1")
            #expect(now.records.isEmpty)
            let then = try await server.page("/v1/models/m?where=list%3D1&at=2")
            #expect(then.records.map(\.offset) == [0, 1])
            #expect(then.records.allSatisfy { $0.change == "entered" })
            // What follows the state brings it up to date.
            let since = try await server.page(try #require(then.next))
            #expect(since.records.map(\.change) == ["left", "deleted"])
            let set = try await server.page("/v1/changes?model=m&from=snapshot")
            #expect(set.records.map(\.offset) == [2] && set.closed == false)
            let net = try await server.page(
                "/v1/changes?model=m&where=list%3D1&from=2&catchUp=latest")
            #expect(net.records.map(\.change) == ["left", "deleted"])
        }
    }

    /// A target, what is accepted, and how it is refused.
    struct Refused: Sendable, CustomTestStringConvertible {
        let target: String
        var headers: [String] = []
        let status: Int
        let code: String
        var testDescription: String { "\(self.target.prefix(60)) \(self.headers)" }
    }

    private static let otherToken = "AQEAAAAAAAAACQAAAAAAAAAAAAAA"

    static let refused: [Refused] = [
        Refused(target: "/v1/changes", status: 400, code: "missing-model"),
        Refused(target: "/v1/changes?model=m&limit=0", status: 400, code: "invalid-limit"),
        Refused(target: "/v1/changes?model=m&wait=31", status: 400, code: "invalid-wait"),
        Refused(target: "/v1/changes?model=m&budget=5", status: 400, code: "invalid-budget"),
        Refused(target: "/v1/changes?model=m&colour=red", status: 400, code: "unknown-parameter"),
        Refused(target: "/v1/changes?model=m&where=%25%zz", status: 400, code: "invalid-url"),
        Refused(target: "/v1/changes?model=m&from=yesterday", status: 400, code: "invalid-from"),
        Refused(target: "/v1/changes?model=m&from=7", status: 410, code: "offset-ahead"),
        Refused(
            target: "/v1/changes?model=m&from=\(otherToken)", status: 410, code: "epoch"),
        Refused(
            target: "/v1/changes?model=m", headers: ["Accept: text/html"], status: 406,
            code: "not-acceptable"),
        Refused(
            target: "/v1/changes?model=m&limit=5", headers: ["Accept: text/event-stream"],
            status: 400, code: "unknown-parameter"),
        Refused(
            target: "/v1/changes?model=m",
            headers: ["Accept: text/event-stream", "Last-Event-ID: 12"], status: 400,
            code: "invalid-last-event-id"),
        Refused(
            target: "/v1/changes?model=m&from=start",
            headers: ["Accept: text/event-stream", "Last-Event-ID: \(otherToken)"], status: 410,
            code: "epoch"),
        Refused(
            target: "/v1/changes?model=m&from=9", headers: ["Accept: application/x-ndjson"],
            status: 410, code: "offset-ahead"),
        Refused(target: "/v1/models/m/9", status: 404, code: "unknown-instance"),
        Refused(target: "/v1/models/m/9/history", status: 404, code: "unknown-instance"),
        Refused(target: "/v1/models/m/1?at=7", status: 410, code: "offset-ahead"),
        Refused(target: "/v1/models/m?at=tomorrow", status: 400, code: "invalid-at"),
        Refused(target: "/v1/models/m/1/2", status: 404, code: "unknown-path"),
        Refused(
            target: "/v1/changes?model=m&where=" + String(repeating: "x", count: 70_000),
            status: 414, code: "target-too-long"),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: refused)
    func everyRefusalIsAProblemDocument(_ refused: Refused) async throws {
        try await withServer { server in
            try await server.publish(lines: Self.change(1, list: 1))
            let reply = try await server.get(refused.target, headers: refused.headers)
            #expect(reply.status == refused.status, "\(reply.body)")
            #expect(reply.headers["content-type"] == "application/problem+json")
            #expect(reply.headers["cache-control"] == "no-store")
            let problem = try JSONDecoder().decode(Problem.self, from: Data(reply.body.utf8))
            #expect(problem.code == refused.code && problem.status == refused.status)
            #expect(!problem.title.isEmpty && !problem.detail.isEmpty)
        }
    }

    /// One request may read at a time, and many come at once: who finds no room is told to come again, and nobody
    /// waits. How many that are is the machine's affair, so it is done until both were seen.
    @Test(.timeLimit(.minutes(1)))
    func manyReadersAreAnsweredOrToldToComeAgain() async throws {
        try await withServer(options: ["--reads", "1"]) { server in
            try await Self.fill(server, 20)
            var answered = 0
            var refused = 0
            while answered == 0 || refused == 0 {
                let replies = try await withThrowingTaskGroup(of: RawReply.self) { group in
                    for _ in 0..<100 {
                        group.addTask { try await server.get("/v1/changes?model=m&from=start") }
                    }
                    return try await group.reduce(into: [RawReply]()) { $0.append($1) }
                }
                for reply in replies where reply.status != 200 {
                    #expect(reply.status == 503 && reply.headers["retry-after"] == "1")
                    #expect(reply.body.contains("\"overloaded\""))
                    refused += 1
                }
                answered += replies.count { $0.status == 200 }
            }
        }
    }
}
