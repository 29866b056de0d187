import LivelogClient
import Testing

@Suite struct ProducerAnswerTests {
    @Test func receiptsRefusalsAndErrorsAreRead() throws {
        func answer(_ text: String) throws -> ProducerAnswer {
            try ProducerAnswer(decoding: Array(text.utf8))
        }
        #expect(
            try answer(
                #"{"receipt":17,"epoch":"0a","first":12,"last":13,"count":2,"durable":true}"#)
                == .receipt(
                    17,
                    Receipt(
                        epoch: "0a", first: 12, last: 13, count: 2, isDurable: true,
                        isRepeated: false)))
        #expect(
            try answer(#"{"refused":18,"code":"c","message":"m","change":3}"#)
                == .refused(18, Problem(status: nil, code: "c", detail: "m"), change: 3))
        #expect(
            try answer(#"{"refused":18,"code":"c"}"#)
                == .refused(18, Problem(status: nil, code: "c", detail: "c"), change: nil))
        #expect(
            try answer(#"{"error":"c","message":"m"}"#)
                == .error(Problem(status: nil, code: "c", detail: "m")))
    }

    @Test(arguments: ["", "[]", "{}", #"{"receipt":1}"#, #"{"refused":1}"#, #"{"changes":1}"#])
    func anythingElseIsAViolation(text: String) {
        let error = #expect(throws: ClientError.self) {
            try ProducerAnswer(decoding: Array(text.utf8))
        }
        #expect(error?.code == .protocolViolation)
    }
}
