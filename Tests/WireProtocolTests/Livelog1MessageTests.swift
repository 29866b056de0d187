import Testing
import WireProtocol

/// The messages as they stand in the description of the protocol, byte for byte.
struct Livelog1MessageTests {
    @Test(arguments: [
        (Livelog1Message.subscribed(7, token: "T0k-_n"), #"{"subscribed":7,"token":"T0k-_n"}"#),
        (Livelog1Message.unsubscribed(.max), #"{"unsubscribed":18446744073709551615}"#),
        (
            Livelog1Message.covered(0, token: "T", isLive: false), #"{"covered":0,"token":"T"}"#
        ),
        (
            Livelog1Message.covered(7, token: "T", isLive: true),
            #"{"covered":7,"token":"T","live":true}"#
        ),
        (
            Livelog1Message.reset(7, reason: "epoch", message: "say \"no\""),
            #"{"reset":7,"reason":"epoch","message":"say \"no\""}"#
        ),
        (
            Livelog1Message.error(Livelog1Error(id: 7, code: "invalid-id", message: "a\nb")),
            #"{"error":7,"code":"invalid-id","message":"a\nb"}"#
        ),
        (
            Livelog1Message.error(Livelog1Error(code: "not-text", message: "é")),
            #"{"error":null,"code":"not-text","message":"é"}"#
        ),
    ])
    func eachMessageIsOneJSONObject(message: [UInt8], text: String) throws {
        #expect(String(decoding: message, as: UTF8.self) == text)
        let document = try JSONDocument(parsing: message)
        #expect(document.member("model", of: document.root) == nil)
    }

    @Test func aFrameOfChangesHasItsHeaderAndTheRecords() {
        var bytes: [UInt8] = [1, 2]
        Livelog1Message.appendChangesFrame(
            7, token: "T", records: Array(#"{"offset":1},{"offset":2}"#.utf8), to: &bytes)
        let text = #"{"changes":7,"token":"T","records":[{"offset":1},{"offset":2}]}"#
        #expect(bytes == [1, 2, 0x81, UInt8(text.utf8.count)] + Array(text.utf8))
    }
}
