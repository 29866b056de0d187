import LogModel
import Testing
import WireProtocol

/// The golden transcripts: what clients send is read as what it means, what servers send is what the dialect makes.
struct TranscriptTests {
    /// What a line of a client asks for, or why it is refused.
    enum Meaning: Equatable, Sendable {
        case request(Livelog1Request)
        case refusal(id: UInt64?, code: String)

        static func subscribe(
            _ id: UInt64, _ conditions: [Condition] = [.init("list_id", .isIn([.number(42)]))],
            from start: SubscriptionRequest.Start = .now,
            catchUp: SubscriptionRequest.CatchUp = .all, budget: Int? = nil
        ) -> Meaning {
            .request(
                .subscribe(
                    id: id,
                    SubscriptionRequest(
                        filter: Filter(model: "todolist.Task", conditions: conditions),
                        start: start, catchUp: catchUp, budget: budget)))
        }
    }

    private static let folder = "Tests/Fixtures/transcripts"

    static let meanings: [String: [Meaning]] = [
        "now.txt": [.subscribe(1)],
        "resume.txt": [.subscribe(2, from: .token(Transcript.token(2)))],
        "conjunction.txt": [
            .subscribe(
                3,
                [
                    .init("list_id", .isIn([.number(42)])), .init("done", .isIn([.boolean(false)])),
                    .init("priority", .order(.atLeast, .number(2))),
                ], from: .start)
        ],
        "snapshot.txt": [.subscribe(4, from: .snapshot)],
        "budget.txt": [.subscribe(5, from: .start, budget: 2)],
        "latest.txt": [.subscribe(6, from: .token(Transcript.token(2)), catchUp: .latest)],
        "reset.txt": [
            .subscribe(7, [], from: .offset(Offset(9))),
            .subscribe(7, [], from: .token(Transcript.otherToken)),
            .subscribe(7, [], from: .token(Transcript.tokenBeyond)),
            .subscribe(7, [], from: .snapshot),
        ],
        "error.txt": [
            .refusal(id: nil, code: "malformed-json"), .refusal(id: nil, code: "unknown-message"),
            .refusal(id: 8, code: "missing-model"), .refusal(id: 8, code: "unknown-operator"),
            .subscribe(8), .subscribe(8, []), .request(.unsubscribe(id: 9)),
        ],
        "unsubscribe.txt": [
            .subscribe(9), .request(.unsubscribe(id: 9)),
            .subscribe(9, from: .token(Transcript.token(1))),
        ],
        "start.txt": [.subscribe(10, from: .start)],
        "offset.txt": [.subscribe(11, from: .offset(Offset(2)))],
        "time.txt": [.subscribe(12, from: .time(1_795_428_000_000_000))],
        "operators.txt": [
            .subscribe(13, [.init("list_id", .isIn([.number(1), .number(2)]))], from: .start),
            .request(.unsubscribe(id: 13)),
            .subscribe(
                14,
                [
                    .init("list_id", .isIn([.number(2), .number(3)])),
                    .init("state", .isNot([.string("done"), .string("late")])),
                ], from: .start),
            .request(.unsubscribe(id: 14)),
            .subscribe(15, [.init("state", .isNot([.string("done")]))], from: .start),
            .request(.unsubscribe(id: 15)),
            .subscribe(
                16,
                [.init("text", .hasPrefix("mi")), .init("list_id", .order(.greater, .number(1)))],
                from: .start),
        ],
        "several.txt": [
            .subscribe(17),
            .subscribe(18, [.init("list_id", .isIn([.number(7)]))], from: .start),
            .request(.unsubscribe(id: 17)),
        ],
        "retained.txt": [
            .subscribe(19, from: .token(Transcript.token(1))),
            .subscribe(19, from: .offset(.zero)),
            .subscribe(20, from: .token(Transcript.token(2))), .request(.unsubscribe(id: 20)),
            .subscribe(19, from: .snapshot),
        ],
        "too-large.txt": [
            .subscribe(21, from: .snapshot),
            .subscribe(21, [.init("list_id", .isIn([.number(7)]))], from: .snapshot),
        ],
        "error-requests.txt": [
            .refusal(id: nil, code: "invalid-id"), .refusal(id: 22, code: "invalid-model"),
            .refusal(id: 22, code: "unknown-member"), .refusal(id: 22, code: "invalid-filter"),
            .refusal(id: 22, code: "filter-too-large"), .refusal(id: 22, code: "invalid-from"),
            .refusal(id: 22, code: "invalid-catch-up"), .refusal(id: 22, code: "invalid-budget"),
            .refusal(id: nil, code: "duplicate-key"),
        ],
        "error-limits.txt": [
            .subscribe(24, [.init("total", .order(.atLeast, .number(10)))]),
            .subscribe(
                24,
                [
                    .init("total", .order(.atLeast, .number(10))),
                    .init("list_id", .isIn([.number(42)])),
                ]),
            .subscribe(25, []), .subscribe(26, []), .request(.unsubscribe(id: 24)),
            .subscribe(26, []),
        ],
    ]

    @Test func eachTranscriptIsInTheTable() throws {
        #expect(try RepositoryFile.names(in: Self.folder) == Self.meanings.keys.sorted())
    }

    @Test(arguments: meanings)
    func whatAClientSendsIsReadAsWhatItMeans(name: String, meanings: [Meaning]) throws {
        let transcript = try Transcript(RepositoryFile.text("\(Self.folder)/\(name)"))
        var found: [Meaning] = []
        for case .sent(let message) in transcript.lines {
            do throws(Livelog1Error) {
                found.append(.request(try Livelog1Request(message)))
            } catch {
                found.append(.refusal(id: error.id, code: error.code))
            }
        }
        #expect(found == meanings)
    }

    @Test(arguments: meanings.keys)
    func whatAServerSendsIsWhatTheDialectMakes(name: String) throws {
        let transcript = try Transcript(RepositoryFile.text("\(Self.folder)/\(name)"))
        var log: [Transcript.ReadableRecord] = []
        var refusal: Livelog1Error?
        var count = 0
        for line in transcript.lines {
            switch line {
            case .appended(let record): log.append(record)
            case .sent(let message): refusal = Refusal.of(message: message)
            case .received(let message):
                var frame: [UInt8] = []
                OutboundFrame.append(text: message, to: &frame)
                #expect(try RemadeMessage.frame(of: message, log: log) == frame)
                if let error = refusal {
                    var answer: [UInt8] = []
                    Dialect.livelog1.appendError(error, to: &answer)
                    #expect(answer == frame)
                    refusal = nil
                }
                count += 1
            }
        }
        #expect(refusal == nil)
        #expect(count > 0)
    }

    @Test func whatASessionRefusesIsInTheTranscriptOfErrors() throws {
        let text = try RepositoryFile.text("\(Self.folder)/error.txt")
        let errors = [
            Livelog1Error.duplicateSubscription(8), .unknownSubscription(9),
        ]
        for error in errors {
            var frame: [UInt8] = []
            Dialect.livelog1.appendError(error, to: &frame)
            let json = String(decoding: frame.drop { $0 != UInt8(ascii: "{") }, as: UTF8.self)
            #expect(text.contains("<- \(json)\n"))
        }
    }
}
