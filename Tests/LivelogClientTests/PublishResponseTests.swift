import LivelogClient
import Testing

@Suite struct PublishResponseTests {
    @Test(arguments: [("", false), (#","repeated":true"#, true), (#","repeated":false"#, false)])
    func aReceiptIsRead(suffix: String, isRepeated: Bool) {
        let body =
            #"{"epoch":"00000000000000ff","first":12,"last":13,"count":2,"durable":true"# + suffix
            + "}"
        let receipt = Receipt(
            epoch: "00000000000000ff", first: 12, last: 13, count: 2, isDurable: true,
            isRepeated: isRepeated)
        #expect(
            PublishResponse(status: 200, retryAfter: nil, body: Array(body.utf8))
                == .receipt(receipt))
    }

    @Test(arguments: [
        "", "{}", "[]", "OK", #"{"epoch":"e","first":1,"last":1}"#,
        #"{"epoch":1,"first":1,"last":1,"count":1}"#,
        #"{"epoch":"e","first":-1,"last":1,"count":1}"#,
    ])
    func aReceiptThatIsNoneIsAViolation(body: String) {
        let response = PublishResponse(status: 200, retryAfter: nil, body: Array(body.utf8))
        guard case .refused(let error) = response else {
            Issue.record("\(response) is not a refusal")
            return
        }
        #expect(error.code == .protocolViolation)
    }

    @Test func problemDetailsAreRead() {
        let body =
            #"{"type":"about:blank","title":"Unprocessable Content","status":422,"#
            + #""code":"missing-model","detail":"there is no model","line":3}"#
        let response = PublishResponse(status: 422, retryAfter: nil, body: Array(body.utf8))
        let problem = Problem(
            status: 422, code: "missing-model", detail: "there is no model", line: 3)
        let error = ClientError(
            .refused, "the server refused it: there is no model", problem: problem)
        #expect(response == .refused(error))
    }

    @Test(
        arguments: [
            ("line 3: no model", 3, "no model"), ("line 4: no model", 3, "line 4: no model"),
            ("line 3: no model", nil, "line 3: no model"), ("no model", 3, "no model"),
        ] as [(String, Int?, String)])
    func aReasonHasNoLineOfTheBody(detail: String, line: Int?, reason: String) {
        let problem = Problem(status: 422, code: "c", detail: detail, line: line)
        #expect(problem.reason == reason)
    }

    @Test(
        arguments: [408, 429, 500, 502, 503, 504, 507],
        [(nil, nil), ("2", .seconds(2)), ("Wed, 21 Oct 2015 07:28:00 GMT", nil), ("-1", nil)]
            as [(String?, Duration?)])
    func someStatusesAreTemporary(status: Int, header: (String?, Duration?)) {
        let response = PublishResponse(status: status, retryAfter: header.0, body: [])
        guard case .temporary(let error, let retryAfter) = response else {
            Issue.record("\(response) is not temporary")
            return
        }
        #expect(error.isTemporary)
        #expect(error.problem?.status == status)
        #expect(retryAfter == header.1)
    }

    @Test(arguments: [201, 301, 400, 401, 403, 404, 409, 413, 415, 422])
    func otherStatusesAreFinal(status: Int) {
        let body = Array("<html>".utf8)
        let response = PublishResponse(status: status, retryAfter: "1", body: body)
        guard case .refused(let error) = response else {
            Issue.record("\(response) is not a refusal")
            return
        }
        #expect(!error.isTemporary)
        #expect(error.problem?.detail == "HTTP status \(status)")
    }

    @Test(
        arguments: [
            (1001, ClientError.Code.unavailable), (1000, .unavailable), (1011, .unavailable),
            (1012, .unavailable), (nil, .unavailable), (1002, .refused), (1003, .refused),
            (1007, .refused), (1008, .refused), (1009, .refused),
        ] as [(UInt16?, ClientError.Code)])
    func aCloseCodeSaysWhetherToComeBack(close: UInt16?, code: ClientError.Code) {
        let error = ClientError(closeCode: close, reason: "because")
        #expect(error.code == code)
        #expect(error.message.hasSuffix(": because"))
    }
}
