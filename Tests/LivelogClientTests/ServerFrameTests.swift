import LivelogClient
import Testing

@Suite struct ServerFrameTests {
    @Test(arguments: [
        (#"{"subscribed":7,"token":"t"}"#, ServerFrame.subscribed(id: 7, token: "t", Acceptance())),
        (
            #"{"subscribed":7,"token":"t","plan":"residual"}"#,
            .subscribed(id: 7, token: "t", Acceptance(plan: .residual))
        ),
        (
            #"{"subscribed":7,"token":"t","plan":"by magic"}"#,
            .subscribed(id: 7, token: "t", Acceptance())
        ),
        (
            #"{"subscribed":7,"plan":"scan","snapshot":"budget"}"#,
            .subscribed(id: 7, token: nil, Acceptance(plan: .scan, snapshot: .budget))
        ),
        (
            #"{"subscribed":7,"plan":"group","snapshot":"somehow"}"#,
            .subscribed(id: 7, token: nil, Acceptance(plan: .group, snapshot: .requested))
        ),
        (#"{"changes":7,"records":[],"more":true}"#, .changes(id: 7, token: nil, records: [])),
        (
            #"{"snapshot":7,"records":[],"more":true}"#,
            .snapshot(id: 7, token: nil, records: [], isPartial: false)
        ),
        (
            #"{"snapshot":7,"records":[],"token":"t","partial":true}"#,
            .snapshot(id: 7, token: "t", records: [], isPartial: true)
        ),
        (
            #"{"snapshot":7,"token":"t"}"#,
            .snapshot(id: 7, token: "t", records: [], isPartial: false)
        ),
        (#"{"covered":7,"token":"t"}"#, .covered(id: 7, token: "t", isLive: false)),
        (#"{"covered":7,"token":"t","live":true}"#, .covered(id: 7, token: "t", isLive: true)),
        (#"{"covered":7,"token":"t","live":false}"#, .covered(id: 7, token: "t", isLive: false)),
        (#"{"changes":7,"token":"t","records":[]}"#, .changes(id: 7, token: "t", records: [])),
        (
            #"{"reset":7,"reason":"epoch","message":"another log"}"#,
            .reset(id: 7, reason: "epoch", message: "another log")
        ),
        (#"{"reset":7,"reason":"epoch"}"#, .reset(id: 7, reason: "epoch", message: "epoch")),
        (
            #"{"error":7,"code":"invalid-filter","message":"no \"x\""}"#,
            .error(id: 7, code: "invalid-filter", message: "no \"x\"")
        ),
        (#"{"error":null,"code":"c","message":"m"}"#, .error(id: nil, code: "c", message: "m")),
        (#"{"unsubscribed":7}"#, .unsubscribed(id: 7)),
        (#"{"something":"new","token":1}"#, .unknown),
        ("[1]", .unknown),
        (
            " {\"to\\u006ben\" : \"t\" , \"subscribed\": 7}\n",
            .subscribed(id: 7, token: "t", Acceptance())
        ),
        (
            #"{"subscribed":18446744073709551615,"token":"t"}"#,
            .subscribed(id: .max, token: "t", Acceptance())
        ),
    ])
    func everyMessageIsRead(text: String, frame: ServerFrame) throws {
        #expect(try ServerFrame(decoding: Array(text.utf8)) == frame)
    }

    @Test func recordsAreCutFromTheMessageByteForByte() throws {
        let first =
            #"{"offset":12,"action":"UPDATED","change":"entered","key":1,"#
            + #""instance":{"id":1,"text":"a\u0041\/é","n":1.50}}"#
        let second = #"{ "offset":13, "action":"UPDATED", "change":"left", "key":"k" }"#
        let text = #"{"changes":7,"token":"t","records":["# + first + ", " + second + "]}"
        let frame = try ServerFrame(decoding: Array(text.utf8))
        guard case .changes(7, "t", let records) = frame else {
            Issue.record("\(frame) has no changes")
            return
        }
        try #require(records.count == 2)
        #expect(records.map(\.offset) == [12, 13])
        #expect(records.map(\.action) == [.updated, .updated])
        #expect(records.map(\.change) == [.entered, .left])
        #expect(records[0].json.elementsEqual(first.utf8))
        #expect(records[1].json.elementsEqual(second.utf8))
        #expect(records[0].key.elementsEqual("1".utf8))
        #expect(records[1].key.elementsEqual("\"k\"".utf8))
        let instance = #"{"id":1,"text":"a\u0041\/é","n":1.50}"#
        #expect(records[0].instance?.elementsEqual(instance.utf8) == true)
        #expect(records[1].instance == nil)
    }

    @Test(
        arguments: ["CREATED", "UPDATED", "DELETED"],
        ["entered", "updated", "left", "deleted"])
    func everyActionAndChangeIsKnown(action: String, change: String) throws {
        let text =
            #"{"changes":1,"token":"t","records":[{"offset":0,"action":""# + action
            + #"","change":""# + change + #"","key":null}]}"#
        let frame = try ServerFrame(decoding: Array(text.utf8))
        guard case .changes(_, _, let records) = frame else {
            Issue.record("\(frame) has no changes")
            return
        }
        #expect(records.first?.action.rawValue == action)
        #expect(records.first?.change.rawValue == change)
    }

    @Test(arguments: [
        "", "x", "{", #"{"subscribed":7}"#, #"{"subscribed":"7","token":"t"}"#,
        #"{"subscribed":-1,"token":"t"}"#, #"{"subscribed":7,"token":8}"#, #"{"covered":7}"#,
        #"{"changes":7,"records":[]}"#, #"{"changes":7,"token":"t"}"#,
        #"{"changes":7,"records":[],"more":false}"#, #"{"changes":7,"more":true}"#,
        #"{"snapshot":7,"records":[]}"#, #"{"snapshot":"7","token":"t"}"#,
        #"{"snapshot":7,"records":{},"token":"t"}"#, #"{"subscribed":7,"snapshot":1}"#,
        #"{"changes":7,"token":"t","records":{}}"#, #"{"changes":7,"token":"t","records":[1]}"#,
        #"{"changes":7,"token":"t","records":[{"action":"CREATED","change":"left","key":1}]}"#,
        #"{"changes":7,"token":"t","records":[{"offset":1,"action":"X","change":"left","key":1}]}"#,
        #"{"changes":7,"token":"t","records":[{"offset":1,"action":"CREATED","key":1}]}"#,
        #"{"changes":7,"token":"t","records":[{"offset":1,"action":"CREATED","change":"left"}]}"#,
        #"{"reset":7}"#, #"{"error":7}"#, #"{"error":"x","code":"c"}"#, "{\"a\":1} {}",
    ])
    func whatIsNoMessageIsAViolation(text: String) {
        let error = #expect(throws: ClientError.self) {
            try ServerFrame(decoding: Array(text.utf8))
        }
        #expect(error?.code == .protocolViolation)
    }

    @Test(arguments: [
        #"{"subscribed":7,"token":"abc"}"#, #"{"covered":7,"token":"abc","live":true}"#,
        #"{"changes":7,"token":"t","records":[{"offset":1,"action":"CREATED","change":"entered","#
            + #""key":"é","instance":{"a":[1,2,{"b":"\u00e9"}]}}]}"#,
        #"{"subscribed":7,"plan":"group","snapshot":"requested"}"#,
        #"{"snapshot":7,"records":[],"token":"t","partial":true}"#,
        #"{"reset":7,"reason":"epoch","message":"m"}"#, #"{"error":null,"code":"c","message":"m"}"#,
        #"{"unsubscribed":7}"#,
    ])
    func aMessageCutAtAnyByteIsAViolation(text: String) throws {
        let bytes = Array(text.utf8)
        _ = try ServerFrame(decoding: bytes)
        for count in bytes.indices {
            let error = #expect(throws: ClientError.self) {
                try ServerFrame(decoding: Array(bytes[..<count]))
            }
            #expect(error?.code == .protocolViolation)
        }
    }
}
