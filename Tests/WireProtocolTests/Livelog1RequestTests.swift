import LogModel
import Testing
import WireProtocol

/// The envelope of a message; what is asked for is in SubscriptionRequestTests.
struct Livelog1RequestTests {
    @Test(arguments: [("0", UInt64(0)), ("7", 7), ("18446744073709551615", .max)])
    func aRequestNamesTheSubscription(json: String, id: UInt64) throws {
        #expect(
            try Livelog1Request(Array(#"{"unsubscribe":\#(json)}"#.utf8)) == .unsubscribe(id: id))
        #expect(
            try Livelog1Request(Array(#"{"model":"\u006d","subscribe":\#(json)}"#.utf8))
                == .subscribe(id: id, SubscriptionRequest(filter: Filter(model: "m"))))
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
        let error = Refusal.of(message: Array(json.utf8))
        #expect(error?.code == code)
        #expect(error?.id == nil)
        #expect(error?.message.isEmpty == false)
    }

    @Test func textThatIsNotUTF8IsRefused() {
        let message = Array(#"{"a":""#.utf8) + [0xFF]
        #expect(Refusal.of(message: message)?.code == "invalid-utf8")
    }

    @Test(arguments: [
        (#"{"#, #"byte 0: the array or object is not closed"#),
        (
            #"{"hello":1}"#,
            #"a message is an object with the member "subscribe", "unsubscribe" or "authenticate""#
        ),
        (
            #"{"unsubscribe":-1}"#,
            "unsubscribe must be an integer from 0 to 18446744073709551615, "
                + "the client's number for the subscription"
        ),
        (
            #"{"subscribe":"a"}"#,
            "subscribe must be an integer from 0 to 18446744073709551615, "
                + "the client's number for the subscription"
        ),
        (
            #"{"unsubscribe":1,"model":"m"}"#,
            #""model" is not a member of this message; there is "unsubscribe""#
        ),
    ])
    func aRefusalSaysWhatIsWrong(json: String, message: String) {
        #expect(Refusal.of(message: Array(json.utf8))?.message == message)
    }

    @Test(arguments: [
        (Livelog1Error.notText, nil, RequestErrorCode.notText),
        (.duplicateSubscription(3), 3, .duplicateSubscription),
        (.unknownSubscription(4), 4, .unknownSubscription),
        (.tooManySubscriptions(5, countMax: 256), 5, .tooManySubscriptions),
    ])
    func whatASessionRefusesHasACodeOfItsOwn(
        error: Livelog1Error, id: UInt64?, code: RequestErrorCode
    ) {
        #expect(error.id == id)
        #expect(error.code == code.rawValue)
        #expect(!error.message.isEmpty)
    }
}
