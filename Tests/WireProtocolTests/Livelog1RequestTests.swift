import LogModel
import Testing
import WireProtocol

struct Livelog1RequestTests {
    private static let token = ResumeToken(epoch: Epoch(0xABCD), next: Offset(12), checksum: 7)

    @Test(arguments: [
        (#"{"subscribe":7,"model":"m"}"#, GroupKey(model: "m")),
        (#"{"subscribe":7,"model":"m","where":{}}"#, GroupKey(model: "m")),
        (#"{"subscribe":7,"model":"m","where":{"p":1}}"#, .p(.number(1))),
        (#"{"subscribe":7,"model":"m","where":{"p":"1"}}"#, .p(.string("1"))),
        (#"{"subscribe":7,"model":"m","where":{"p":null}}"#, .p(.null)),
        (#"{"subscribe":7,"model":"m","where":{"p":false}}"#, .p(.boolean(false))),
        (#"{"subscribe":7,"model":"m","where":{"p":""},"else":[1]}"#, .p(.string(""))),
        (#"{"where":{"\u0070":1.0},"model":"\u006d","subscribe":7}"#, .p("1.0")),
    ])
    func aFilterIsAModelAndAtMostOneCondition(json: String, group: GroupKey) throws {
        #expect(
            try Livelog1Request(Array(json.utf8))
                == .subscribe(id: 7, filter: Filter(group: group), from: .now))
    }

    @Test(arguments: [
        (#""from":"now""#, Livelog1Request.Start.now),
        (#""from":"start""#, .start),
        (#""from":"\u0073tart""#, .start),
        (#""from":"\#(token.text)""#, .token(token)),
        (#""other":0"#, .now),
    ])
    func aSubscriptionBeginsNowAtTheStartOrAtAToken(
        member: String, start: Livelog1Request.Start
    ) throws {
        let json = #"{"subscribe":0,"model":"m",\#(member)}"#
        #expect(
            try Livelog1Request(Array(json.utf8))
                == .subscribe(id: 0, filter: Filter(group: GroupKey(model: "m")), from: start))
    }

    @Test(arguments: [("0", UInt64(0)), ("7", 7), ("18446744073709551615", .max)])
    func unsubscribeNamesTheSubscription(json: String, id: UInt64) throws {
        #expect(
            try Livelog1Request(Array(#"{"unsubscribe":\#(json)}"#.utf8)) == .unsubscribe(id: id))
    }

    @Test(arguments: [
        ("", "empty-document"), ("{", "malformed-json"), ("{} {}", "malformed-json"),
        (#"{"subscribe":1,"subscribe":2}"#, "duplicate-key"),
        (#"{"unsubscribe":"\ud800"}"#, "lone-surrogate"),
        (String(repeating: "[", count: 40), "nesting-too-deep"),
        (#"{"unsubscribe":1e999}"#, "number-out-of-range"),
        (#"{"unsubscribe":\#(String(repeating: "1", count: 40))}"#, "number-too-long"),
        ("[]", "unknown-message"), ("{}", "unknown-message"), ("null", "unknown-message"),
        (#""subscribe""#, "unknown-message"), (#"{"Subscribe":1}"#, "unknown-message"),
        (#"{"subscribe":-1,"model":"m"}"#, "invalid-id"),
        (#"{"subscribe":1.0,"model":"m"}"#, "invalid-id"),
        (#"{"subscribe":1e0,"model":"m"}"#, "invalid-id"),
        (#"{"subscribe":"1","model":"m"}"#, "invalid-id"),
        (#"{"subscribe":null,"model":"m"}"#, "invalid-id"),
        (#"{"subscribe":18446744073709551616,"model":"m"}"#, "invalid-id"),
        (#"{"unsubscribe":true}"#, "invalid-id"), (#"{"unsubscribe":[1]}"#, "invalid-id"),
    ])
    func whatCannotBeReadIsRefusedWithoutANumber(json: String, code: String) {
        let error = Self.refusal(of: Array(json.utf8))
        #expect(error?.code == code)
        #expect(error?.id == nil)
        #expect(error?.message.isEmpty == false)
    }

    @Test func textThatIsNotUTF8IsRefused() {
        #expect(Self.refusal(of: Array(#"{"a":""#.utf8) + [0xFF])?.code == "invalid-utf8")
    }

    @Test(arguments: [
        (#"{"subscribe":7}"#, "missing-model"),
        (#"{"subscribe":7,"model":null}"#, "missing-model"),
        (#"{"subscribe":7,"model":""}"#, "missing-model"),
        (#"{"subscribe":7,"model":3}"#, "missing-model"),
        (#"{"subscribe":7,"model":"m","where":null}"#, "invalid-filter"),
        (#"{"subscribe":7,"model":"m","where":[1]}"#, "invalid-filter"),
        (#"{"subscribe":7,"model":"m","where":"p=1"}"#, "invalid-filter"),
        (#"{"subscribe":7,"model":"m","where":{"p":1,"q":2}}"#, "invalid-filter"),
        (#"{"subscribe":7,"model":"m","where":{"p":[1]}}"#, "invalid-filter"),
        (#"{"subscribe":7,"model":"m","where":{"p":{}}}"#, "invalid-filter"),
        (#"{"subscribe":7,"model":"m","where":{"":1}}"#, "invalid-filter"),
        (#"{"subscribe":7,"model":"m","where":{"p":"\#(long(257))"}}"#, "invalid-filter"),
        (#"{"subscribe":7,"model":"m","where":{"\#(long(129))":1}}"#, "invalid-filter"),
        (#"{"subscribe":7,"model":"m","from":"snapshot"}"#, "invalid-from"),
        (#"{"subscribe":7,"model":"m","from":""}"#, "invalid-from"),
        (#"{"subscribe":7,"model":"m","from":null}"#, "invalid-from"),
        (#"{"subscribe":7,"model":"m","from":12}"#, "invalid-from"),
        (#"{"subscribe":7,"model":"m","from":"\#(token.text)A"}"#, "invalid-from"),
        (#"{"subscribe":7,"model":"m","from":"\#(token.text.dropLast())"}"#, "invalid-from"),
        (#"{"subscribe":7,"model":"m","from":"\#(long(28))"}"#, "invalid-from"),
    ])
    func aSubscriptionThatCannotBeIsRefusedWithItsNumber(json: String, code: String) {
        let error = Self.refusal(of: Array(json.utf8))
        #expect(error?.code == code)
        #expect(error?.id == 7)
        #expect(error?.message.isEmpty == false)
    }

    @Test func theLongestNameAndValueThatTheLogKeepsAreTaken() throws {
        let json =
            #"{"subscribe":7,"model":"m","where":{"\#(Self.long(128))":"\#(Self.long(256))"}}"#
        #expect(throws: Never.self) { try Livelog1Request(Array(json.utf8)) }
    }

    private static func long(_ count: Int) -> String { String(repeating: "x", count: count) }

    private static func refusal(of message: [UInt8]) -> Livelog1Error? {
        do throws(Livelog1Error) {
            _ = try Livelog1Request(message)
            return nil
        } catch {
            return error
        }
    }
}

extension GroupKey {
    fileprivate static func p(_ value: Scalar) -> GroupKey {
        GroupKey(model: "m", property: "p", value: value)
    }

    fileprivate static func p(_ number: Text) -> GroupKey {
        .p(Scalar(kind: .number, text: number))
    }
}
