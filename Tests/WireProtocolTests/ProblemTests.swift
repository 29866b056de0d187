import LogModel
import Testing
import WireProtocol

struct ProblemTests {
    private static let receipt = Receipt(
        epoch: Epoch(0xAB), first: Offset(12), last: Offset(13), isDurable: true, isRepeated: false)

    @Test(arguments: [
        (
            receipt,
            #"{"epoch":"00000000000000ab","first":12,"last":13,"count":2,"durable":true}"#
        ),
        (
            Receipt(
                epoch: Epoch(.max), first: .zero, last: .zero, isDurable: false, isRepeated: true),
            #"{"epoch":"ffffffffffffffff","first":0,"last":0,"count":1,"durable":false,"repeated":true}"#
        ),
    ])
    func aReceiptIsALineOfJSON(receipt: Receipt, text: String) throws {
        #expect(String(decoding: receipt.json, as: UTF8.self) == text + "\n")
        #expect(throws: Never.self) { try JSONDocument(parsing: receipt.json) }
    }

    @Test(arguments: [
        (
            Problem(status: 404, code: "not-found", title: "Not \"found\"", detail: "a\nb"),
            #"{"type":"about:blank","title":"Not \"found\"","status":404,"code":"not-found","detail":"a\nb"}"#
        ),
        (
            Problem(
                status: 507, code: "disk-full", title: "t", detail: "d", line: 3, appended: receipt,
                retryAfter: 5),
            #"{"type":"about:blank","title":"t","status":507,"code":"disk-full","detail":"d","line":3,"#
                + #""appended":{"epoch":"00000000000000ab","first":12,"last":13,"count":2,"durable":true}}"#
        ),
    ])
    func aProblemIsALineOfJSON(problem: Problem, text: String) throws {
        #expect(String(decoding: problem.json, as: UTF8.self) == text + "\n")
        #expect(throws: Never.self) { try JSONDocument(parsing: problem.json) }
    }

    @Test(arguments: [
        ("malformed-json", 400), ("empty-body", 400), ("invalid-utf8", 400),
        ("duplicate-key", 400), ("nesting-too-deep", 400), ("number-too-long", 400),
        ("change-too-large", 413), ("too-many-changes", 413), ("instance-too-large", 413),
        ("document-too-large", 413), ("too-many-values", 413),
        ("missing-model", 422), ("unknown-action", 422),
    ])
    func aRefusedChangeHasAStatusByItsCode(code: String, status: Int) {
        let problem = Problem(ChangeError(code: code, message: "why", line: 4, position: 9))
        #expect(problem.status == status)
        #expect(problem.code == code)
        #expect(problem.line == 4)
        #expect(problem.detail == "line 4: why")
        #expect(problem.retryAfter == nil)
    }
}
