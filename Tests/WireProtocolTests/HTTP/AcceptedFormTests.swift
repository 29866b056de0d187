import Testing
import WireProtocol

@Suite struct AcceptedFormTests {
    @Test(
        arguments: [
            ([], .json), ([""], .json), (["*/*"], .json), (["application/*"], .json),
            (["application/json"], .json), (["text/event-stream"], .serverSentEvents),
            (["text/*"], .serverSentEvents), (["application/x-ndjson"], .ndjson),
            (["application/ndjson"], .ndjson), (["application/jsonl"], .ndjson),
            (["Application/JSON"], .json), (["text/html, */*;q=0.8"], .json),
            (["text/event-stream, application/json"], .serverSentEvents),
            (["application/json, text/event-stream"], .json),
            (["application/json;q=0.5, text/event-stream"], .serverSentEvents),
            (["application/json;q=0.5", "application/x-ndjson;q=0.7"], .ndjson),
            (["application/json;q=0, */*"], .ndjson),
            (["*/*;q=0.1, application/json;q=0.05"], .ndjson),
            (["text/event-stream; charset=utf-8"], .serverSentEvents),
        ] as [([String], AcceptedForm)])
    func theFormThatIsWantedMostIsTaken(fields: [String], form: AcceptedForm) {
        #expect(AcceptedForm(accept: fields) == form)
    }

    @Test(arguments: [
        ["text/html"], ["application/json;q=0"], ["*/*;q=0"], ["image/*"], ["nonsense"],
        ["application/json;q=2"],
    ])
    func whatIsNotThereIsRefused(fields: [String]) {
        #expect(AcceptedForm(accept: fields) == nil)
    }
}
