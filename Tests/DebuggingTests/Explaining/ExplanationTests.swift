import Access
import Debugging
import Foundation
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// What explanations say of one record, situation by situation.
struct ExplanationTests {
    /// Task 1 comes to list 1, goes to list 2, is done, and is deleted; and a note.
    private static func withTasks(_ body: (ChangeLog) throws -> Void) throws {
        try withTemporaryLog { writer in
            var builder = ChangesBuilder()
            func task(_ action: Action, _ list: Int, _ state: String) {
                builder.add(
                    action, "t", key: .number(1),
                    groups: [("list", .number(list)), ("state", .string(state))])
                builder.endBatch()
            }
            task(.created, 1, "open")
            task(.updated, 2, "open")
            task(.updated, 2, "done")
            task(.deleted, 2, "done")
            builder.add(.created, "n", key: .string("a"))
            try writer.commit(builder.finish())
            try body(writer.log)
        }
    }

    private static func explain(
        _ offset: UInt64, _ subscription: String, by reader: Reader = .unlimited, in log: ChangeLog
    ) throws -> Explanation {
        let explanation = try Explanation(
            of: Offset(offset), for: try SubscriptionMessage(subscription), by: reader, in: log)
        #expect(explanation.disagreements == [])
        return explanation
    }

    @Test(arguments: [
        (0, #"{"model":"t"}"#, "delivered as entered, because the instance is new, and in the set"),
        (
            0, #"{"model":"t","where":{"list":2}}"#,
            "not delivered: list=2 holds neither before the record nor after it (list was not recorded, is 1)"
        ),
        (
            1, #"{"model":"t","where":{"list":2}}"#,
            "delivered as entered, because list=2 holds since this record"
        ),
        (
            1, #"{"model":"t","where":{"list":1}}"#,
            "delivered as left, because list=1 does not hold any more"
        ),
        (
            2, #"{"model":"t","where":{"list":{"in":[2,3]}}}"#,
            "delivered as updated, because the instance was in the set and still is"
        ),
        (
            2, #"{"model":"t","where":{"list":2,"state":"open"}}"#,
            "delivered as left, because state=\"open\" does not hold any more"
        ),
        (
            1, #"{"model":"t","where":{"list":1,"state":{"!=":"open"}}}"#,
            "not delivered: state!=\"open\" holds neither before the record nor after it (state is \"open\")"
        ),
        (
            3, #"{"model":"t","where":{"state":"done"}}"#,
            "delivered as deleted, because the instance was in the set and was deleted"
        ),
        (
            4, #"{"model":"t"}"#,
            "not delivered: the record is of the model n, and t is asked for"
        ),
        (
            1, #"{"model":"t","property":"list","value":1}"#,
            "not delivered: the instance left the group, and clients of rest-live 1 are told of its instances only"
        ),
        (
            1, #"{"subscribe":3,"model":"t","from":{"offset":2}}"#,
            "not delivered: the subscription begins at offset 2, after the record"
        ),
        (
            2, #"{"model":"t","from":{"offset":2}}"#,
            "delivered as updated, because the instance was in the set and still is"
        ),
        (
            0, #"{"model":"t","where":{"list":{"~":2}}}"#,
            "not delivered: the server refuses the request"
        ),
        (0, #"{}"#, "not delivered: the server refuses the request"),
        (
            0, #"{"value":null}"#,
            "not delivered: the server ignores the request, as clients of this dialect know no answers"
        ),
    ])
    func theVerdictSaysWhatHappenedAndWhy(_ offset: Int, _ subscription: String, _ verdict: String)
        throws
    {
        try Self.withTasks { log in
            let explanation = try Self.explain(UInt64(offset), subscription, in: log)
            #expect(explanation.verdict.text == verdict)
        }
    }

    @Test func whatIsSentIsThereAsItIsSent() throws {
        try Self.withTasks { log in
            let one = try Self.explain(
                1, #"{"subscribe":7,"model":"t","where":{"list":2,"state":"open"}}"#, in: log)
            let form =
                #"{"offset":1,"action":"UPDATED","change":"entered","key":1,"instance":{"id":1,"list":2,"state":"open"}}"#
            #expect(one.recordForm == form)
            let token = try log.token(at: Offset(2)).text
            #expect(one.frame == #"{"changes":7,"token":"\#(token)","records":[\#(form)]}"#)
            let first = try Self.explain(
                0, #"{"model":"t","property":"list","value":"1"}"#, in: log)
            #expect(
                first.frame
                    == #"{"model":"t","instance":{"id":1,"list":1,"state":"open"},"action":"CREATED","group_key_value":1}"#
            )
            let second = try Self.explain(
                3,
                #"{"type":"subscribe","id":"x","model":"t","action":"list","view_kwargs":{"list":2}}"#,
                in: log)
            #expect(
                second.frame
                    == #"{"type":"broadcast","id":"x","model":"t","action":"DELETED","instance":{"pk":1,"id":1}}"#
            )
        }
    }

    @Test func groupsAndConditionsAreShownWithWhatTheyWereAndAre() throws {
        try Self.withTasks { log in
            let one = try Self.explain(
                1, #"{"model":"t","where":{"list":{"in":[2,5]},"state":"open"}}"#, in: log)
            let bucket = try #require(one.bucket)
            #expect(bucket.plan == .residual && bucket.isFound && bucket.isIndexed == true)
            let lead = try #require(one.conditions.first { $0.isDriver })
            #expect(Set(bucket.groups.map(\.group.property)) == [lead.condition.property])
            for group in bucket.groups { #expect(group.hash == log.hasher.groupHash(group.group)) }
            let list = try #require(one.conditions.first { $0.condition.property == "list" })
            #expect(list.before == [.number(1)] && list.after == [.number(2)])
            #expect(!list.held && list.holds)
            let scan = try Self.explain(1, #"{"model":"t","where":{"list":{">":1}}}"#, in: log)
            #expect(scan.bucket?.plan == .scan)
            #expect(scan.bucket?.groups.map(\.group) == [GroupKey(model: "t")])
        }
    }

    @Test func rulesAreShownInOrderAndWhatIsRefusedSaysWhy() throws {
        let policy = AccessPolicy(
            models: [
                ModelPolicy(
                    model: "t",
                    views: [
                        .init(view: .whole, rule: .staff),
                        .init(
                            view: View(name: "short", fields: ["id"]),
                            rule: .property("list", equalsClaim: "list")),
                    ], publish: .everyone)
            ], isOpen: false)
        func reader(_ json: String) throws -> Reader {
            Reader(try Principal(described: json), under: policy)
        }
        try Self.withTasks { log in
            let ann = try reader(#"{"subject":"ann","claims":{"list":2}}"#)
            let one = try Self.explain(1, #"{"model":"t"}"#, by: ann, in: log)
            #expect(
                one.verdict.text
                    == "delivered as entered, because ann may see the instance since this record")
            #expect(one.view?.name == "short" && one.recordForm?.contains("state") == false)
            guard case .views(let views) = one.permission.basis else {
                Issue.record("there are views")
                return
            }
            #expect(
                views.map(\.admission) == [
                    .never, .under([[Condition(property: "list", test: .isIn([.number(2)]))]]),
                ])
            #expect(views[0].facts == ["does not belong to the staff"])
            #expect(
                views[1].facts == ["the claim list is 2"] && !views[1].admitted && views[1].admits)

            let other = try reader(#"{"subject":"bob","claims":{"list":3}}"#)
            #expect(
                try Self.explain(1, #"{"model":"t"}"#, by: other, in: log).verdict.text
                    == "not delivered: bob may not see the instance: no view that is for them admits the instance"
            )
            let hidden = try Self.explain(
                1, #"{"model":"t","where":{"state":"open"}}"#, by: ann, in: log)
            #expect(hidden.answer?.contains("\"forbidden\"") == true)
            #expect(
                hidden.permission.refusal
                    == "the view \"short\" does not show state, and it is none of the model's groups"
            )
            let nobody = try Self.explain(1, #"{"model":"t"}"#, by: try reader("{}"), in: log)
            #expect(nobody.permission.refusal == "no view of t is for whoever asks")
            #expect(
                try Self.explain(4, #"{"model":"n"}"#, by: ann, in: log).permission.refusal
                    == "the model n is not in the configuration, and such are closed")
            let key = try reader(#"{"subject":"k","key":{"actions":["read"],"models":["t"]}}"#)
            #expect(try Self.explain(1, #"{"model":"t"}"#, by: key, in: log).frame != nil)
            #expect(
                try Self.explain(4, #"{"model":"n"}"#, by: key, in: log).permission.refusal
                    == "the API key is not for reading n")
        }
    }

    @Test func whatIsNotThereIsSaid() throws {
        try Self.withTasks { log in
            #expect(throws: Explanation.Failure.beyondEnd(Offset(5), end: Offset(5))) {
                try Self.explain(5, #"{"model":"t"}"#, in: log)
            }
            #expect(throws: Explanation.Failure.beyondEnd(Offset(.max), end: Offset(5))) {
                try Self.explain(.max, #"{"model":"t"}"#, in: log)
            }
        }
        try withTemporaryDirectory(inMemory: true) { path in
            let options = LogOptions(
                segmentByteCount: LogOptions.segmentByteCountMin,
                upkeep: Upkeep(coldAge: 1, compactAge: 1, tombstoneAge: 1_000_000))
            let writer = try Recovery.open(LogDirectory(path), options: options).writer
            for number in 0..<2000 {
                var builder = ChangesBuilder()
                builder.add(
                    .updated, "t", key: .number(number % 3), groups: [("list", .number(number % 2))]
                )
                try writer.commit(builder.finish(), time: Int64(number))
            }
            while try writer.maintenance.step(now: 10_000) != nil {}
            #expect(throws: Explanation.Failure.compacted(Offset(1))) {
                try Self.explain(1, #"{"model":"t"}"#, in: writer.log)
            }
            let last = try Self.explain(1999, #"{"model":"t"}"#, in: writer.log)
            #expect(last.verdict.text.hasPrefix("delivered as updated"))
        }
    }

    @Test func grantsCountAsTheyWereThenOrAsTheyAreNow() throws {
        let policy = AccessPolicy(
            models: [
                ModelPolicy(
                    model: "t",
                    views: [.init(view: .whole, rule: .member("list", ofClaim: "lists"))],
                    publish: .everyone)
            ],
            grants: [GrantRule(model: "g", subject: "user", value: "list", claim: "lists")],
            isOpen: false)
        try withTemporaryLog { writer in
            func add(_ model: Text, _ action: Action, _ groups: [(Text, Scalar)]) throws {
                var builder = ChangesBuilder()
                builder.add(action, model, key: .number(1), groups: groups)
                try writer.commit(builder.finish())
            }
            let (list, grant) = (
                [(Text("list"), Scalar.number(2))],
                [(Text("user"), Scalar.string("ann")), (Text("list"), Scalar.number(2))]
            )
            try add("t", .created, list)
            try add("g", .created, grant)
            try add("t", .updated, list)
            try add("g", .deleted, grant)
            try add("t", .updated, list)
            let ann = Reader(Principal(origin: .token, subject: "ann"), under: policy)
            func verdicts(_ rights: Explanation.Rights) throws -> [Bool] {
                try [UInt64(0), 2, 4].map { offset in
                    let explanation = try Explanation(
                        of: Offset(offset), for: try SubscriptionMessage(#"{"model":"t"}"#),
                        by: ann,
                        in: writer.log, rights: rights)
                    #expect(explanation.disagreements == [])
                    #expect(
                        explanation.permission.grantsBefore == Offset(rights == .then ? offset : 5))
                    return explanation.frame != nil
                }
            }
            #expect(try verdicts(.then) == [false, true, false])
            #expect(try verdicts(.now) == [false, false, false])
        }
    }

    /// A record that says of one group that its instance stayed, and of its model that it is new: what no server writes.
    /// The matcher goes by the one, and the judgement by the other.
    @Test func whatDoesNotAgreeIsSaid() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let writer = try Recovery.open(LogDirectory(path), options: .small).writer
            var builder = ChangesBuilder()
            builder.add(.created, "t", key: .number(1), groups: [("list", .number(2))])
            try writer.commit(builder.finish())
            try writer.close()
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path).first {
                    $0.hasSuffix(".segment")
                })
            let file = URL(filePath: "\(path)/\(name)")
            var bytes = [UInt8](try Data(contentsOf: file))
            let start = SegmentHeader.count
            // The second group's membership; see docs/format/segment.md.
            let membership = start + 88 + 24 + 20
            #expect(bytes[membership] == Membership.entered.rawValue)
            bytes[membership] = Membership.stayed.rawValue
            let count = bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            let seed = try SegmentHeader(reading: bytes.span.bytes).seed
            let length = Checksum.crc32c(
                Array(bytes[start..<start + 4]).span.bytes, continuing: seed)
            var checksum = Checksum.crc32c(
                Array(bytes[start + 8..<start + count]).span.bytes, continuing: length)
            for place in start + 4..<start + 8 {
                bytes[place] = UInt8(truncatingIfNeeded: checksum)
                checksum >>= 8
            }
            try Data(bytes).write(to: file)
            let log = try LogInspector(LogDirectory(path)).openLog()
            let explanation = try Explanation(
                of: .zero, for: try SubscriptionMessage(#"{"model":"t","where":{"list":2}}"#),
                by: .unlimited, in: log)
            #expect(
                explanation.disagreements == [
                    "the server takes the record for updated, and by its conditions and rules, one by one, it is entered"
                ])
            #expect(explanation.verdict.text.hasPrefix("delivered as updated"))
        }
    }

    @Test(arguments: [
        ("[1]", "the subscription must be a JSON object"),
        ("{", "the subscription is no JSON: byte 0"), ("", "the subscription is no JSON: byte 0"),
    ])
    func aSubscriptionIsAnObject(_ json: String, _ message: String) throws {
        let error = try #require(throws: DescriptionError.self) { try SubscriptionMessage(json) }
        #expect("\(error)".hasPrefix(message), "\(error)")
    }

    @Test(arguments: [
        (#"{"name":1}"#, "a principal has no \"name\""),
        ("7", "the principal must be a JSON object"),
        (#"{"subject":[]}"#, "the principal's subject must be a string"),
        (#"{"claims":[]}"#, "the principal's claims must be an object"),
        (#"{"claims":{"a":{}}}"#, "the claim \"a\" must be a value or a list of values"),
        (#"{"claims":{"a":[[]]}}"#, "the claim \"a\" must be a value or a list of values"),
        (#"{"scopes":"all"}"#, "the principal's scopes must be a list of strings"),
        (#"{"scopes":[1]}"#, "the principal's scopes must be a list of strings"),
        (#"{"staff":1}"#, "the principal's staff must be true or false"),
        (#"{"key":{"actions":["fly"]}}"#, "\"fly\" is no action of a key"),
        (#"{"key":{"for":[]}}"#, "a key has no \"for\""),
    ])
    func aPrincipalIsWhatRulesKnow(_ json: String, _ message: String) throws {
        let error = try #require(throws: DescriptionError.self) { try Principal(described: json) }
        #expect("\(error)".hasPrefix(message), "\(error)")
    }

    @Test func aPrincipalIsReadWhole() throws {
        let principal = try Principal(
            described: #"{"subject":7,"claims":{"a":[1,"b"],"c":true},"scopes":["x"],"staff":true}"#
        )
        #expect(
            principal
                == Principal(
                    origin: .token, subject: "7",
                    claims: [
                        "a": .list([.number(1), .string("b")]), "c": .scalar(.boolean(true)),
                    ],
                    scopes: ["x"], isStaff: true))
        #expect(try Principal(described: "{}") == .anonymous)
    }
}
