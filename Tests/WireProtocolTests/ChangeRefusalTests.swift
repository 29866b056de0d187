import LogModel
import Testing
import WireProtocol

struct ChangeRefusalTests {
    private static let right = #"{"model":"m","action":"CREATED","instance":{"id":1}}"#

    /// Changes that are refused, and for what.
    private static let refused: [(String, String)] = [
        (#"{"model":"m","action":"CREATED","instance":{"id":1}"#, "malformed-json"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1}} x"#, "malformed-json"),
        (#"{"model":"m","action":"CREATED","instance":{"id":01}}"#, "malformed-json"),
        (#"{"model":"m","action":"CREATED","instance":{"id":"\uD800"}}"#, "lone-surrogate"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1e999}}"#, "number-out-of-range"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1,"id":2}}"#, "duplicate-key"),
        (#"{"model":"m","model":"n","action":"CREATED","instance":{"id":1}}"#, "duplicate-key"),
        (#"{"action":"CREATED","instance":{"id":1}}"#, "missing-model"),
        (#"{}"#, "missing-model"),
        (#"{"model":"","action":"CREATED","instance":{"id":1}}"#, "invalid-model"),
        (#"{"model":1,"action":"CREATED","instance":{"id":1}}"#, "invalid-model"),
        (#"{"model":null,"action":"CREATED","instance":{"id":1}}"#, "invalid-model"),
        (#"{"model":"a\u0000b","action":"CREATED","instance":{"id":1}}"#, "invalid-model"),
        (
            "{\"model\":\"a\u{7F}b\",\"action\":\"CREATED\",\"instance\":{\"id\":1}}",
            "invalid-model"
        ),
        (
            #"{"model":"\#(String(repeating: "m", count: 129))","action":"CREATED","instance":{}}"#,
            "invalid-model"
        ),
        (#"{"model":"m","instance":{"id":1}}"#, "missing-action"),
        (#"{"model":"m","action":"created","instance":{"id":1}}"#, "unknown-action"),
        (#"{"model":"m","action":"CREATED ","instance":{"id":1}}"#, "unknown-action"),
        (#"{"model":"m","action":"","instance":{"id":1}}"#, "unknown-action"),
        (#"{"model":"m","action":1,"instance":{"id":1}}"#, "unknown-action"),
        (#"{"model":"m","action":"CREATED"}"#, "missing-instance"),
        (#"{"model":"m","action":"CREATED","instance":null}"#, "invalid-instance"),
        (#"{"model":"m","action":"CREATED","instance":[{"id":1}]}"#, "invalid-instance"),
        (#"{"model":"m","action":"CREATED","instance":{}}"#, "missing-key"),
        (#"{"model":"m","action":"CREATED","instance":{"ID":1}}"#, "missing-key"),
        (#"{"model":"m","action":"CREATED","instance":{"id":null}}"#, "invalid-key"),
        (#"{"model":"m","action":"CREATED","instance":{"id":{}}}"#, "invalid-key"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"key":null}"#, "invalid-key"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"key":[1]}"#, "invalid-key"),
        (
            #"{"model":"m","action":"CREATED","instance":{"id":"\#(String(repeating: "k", count: 513))"}}"#,
            "invalid-key"
        ),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"groups":[]}"#, "invalid-groups"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"groups":null}"#, "invalid-groups"),
        (
            #"{"model":"m","action":"CREATED","instance":{"id":1},"groups":{"g":[1]}}"#,
            "invalid-groups"
        ),
        (
            #"{"model":"m","action":"CREATED","instance":{"id":1},"groups":{"":1}}"#,
            "invalid-groups"
        ),
        (
            #"{"model":"m","action":"CREATED","instance":{"id":1},"groups":{"g":"\#(String(repeating: "v", count: 257))"}}"#,
            "group-too-long"
        ),
        (
            #"{"model":"m","action":"CREATED","instance":{"id":1},"groups":{"\#(String(repeating: "g", count: 129))":1}}"#,
            "group-too-long"
        ),
        (
            #"{"model":"m","action":"CREATED","instance":{"id":1},"groups":{\#((0..<65).map { "\"\($0)\":0" }.joined(separator: ","))}}"#,
            "too-many-groups"
        ),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"views":1}"#, "invalid-views"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"views":{"":1}}"#, "invalid-views"),
        (
            #"{"model":"m","action":"CREATED","instance":{"id":1},"views":{\#((0..<17).map { "\"\($0)\":0" }.joined(separator: ","))}}"#,
            "invalid-views"
        ),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"Key":1}"#, "unknown-member"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"instances":1}"#, "unknown-member"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"":1}"#, "unknown-member"),
        (#"{"model":"m","action":"CREATED","instance":{"id":1},"\u006Bez":1}"#, "unknown-member"),
        (#""text""#, "not-a-change"), ("1", "not-a-change"), ("null", "not-a-change"),
    ]

    @Test(arguments: refused)
    func aRefusalNamesItsLineAmongLines(change: String, code: String) throws {
        let body = "\n\(Self.right)\r\n\(change)\n\(Self.right)\n"
        let error = #expect(throws: ChangeError.self) { try read(body, as: .ndjson) }
        #expect(error?.code == code)
        #expect(error?.line == 3)
        let start = Self.right.utf8.count + 3
        let position = try #require(error?.position)
        #expect((start..<start + change.utf8.count).contains(position))
        #expect(error?.message.isEmpty == false)
    }

    @Test(arguments: refused)
    func aRefusalNamesTheLineOfItsElement(change: String, code: String) {
        let body = "[\n\(Self.right),\n\n\(change),\n\(Self.right)]"
        let error = #expect(throws: ChangeError.self) { try read(body) }
        #expect(error?.code == code)
        // What a missing bracket does not close is noticed where it goes on.
        #expect(error?.line == 4 || (code == "malformed-json" && error?.line == 5))
    }

    @Test func theFirstWrongLineIsNamedWhateverIsWrongWithIt() {
        let body = "\(Self.right)\n{}\n\"open\n"
        let first = #expect(throws: ChangeError.self) { try read(body, as: .ndjson) }
        #expect(first?.code == "missing-model")
        #expect(first?.line == 2)
        let second = #expect(throws: ChangeError.self) {
            try read(body.replacing("{}", with: Self.right), as: .ndjson)
        }
        #expect(second?.code == "malformed-json")
        #expect(second?.line == 3)
    }

    @Test func aChangeMustNotGoOverLinesNorShareOne() {
        let over = Self.right.replacing(",\"action\"", with: ",\n\"action\"")
        let error = #expect(throws: ChangeError.self) { try read(over, as: .ndjson) }
        #expect(error?.code == "malformed-json")
        #expect(error?.line == 1)
        let shared = #expect(throws: ChangeError.self) {
            try read("\(Self.right)\n\(Self.right) \(Self.right)", as: .ndjson)
        }
        #expect(shared?.code == "malformed-json")
        #expect(shared?.line == 2)
        #expect(shared?.position == Self.right.utf8.count * 2 + 2)
    }

    @Test func aRefusalFarIntoTheBodyNamesItsLine() {
        var lines = [String](repeating: Self.right, count: 5000)
        lines[4321] = Self.right.replacing("1}", with: "1,\"x\":tru}")
        let error = #expect(throws: ChangeError.self) {
            try read(lines.joined(separator: "\n"), as: .ndjson)
        }
        #expect(error?.line == 4322)
        #expect(error?.position == 4321 * (Self.right.utf8.count + 1) + Self.right.utf8.count + 3)
    }

    @Test(arguments: ["", " ", "\n\n", "\r\n \t"])
    func aBodyWithoutAChangeIsRefused(body: String) {
        for form in BodyForm.allCases {
            let error = #expect(throws: ChangeError.self) { try read(body, as: form) }
            #expect(error?.code == "empty-body")
        }
        let error = #expect(throws: ChangeError.self) { try read("[\(body)]") }
        #expect(error?.code == "empty-body")
    }

    @Test func invalidUTF8IsRefusedWithItsLine() {
        var reader = ChangeReader()
        let body = Array("\(Self.right)\n{\"model\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
        let error = #expect(throws: ChangeError.self) {
            try reader.read(body, as: .ndjson, batching: .atomic)
        }
        #expect(error?.code == "invalid-utf8")
        #expect(error?.line == 2)
        #expect(error?.position == Self.right.utf8.count + 11)
    }

    @Test func limitsAreKept() {
        var limits = ChangeLimits()
        limits.changesMax = 2
        limits.changeBytesMax = 100
        limits.instanceBytesMax = 30
        limits.depthMax = 3
        limits.numberLengthMax = 4
        limits.changeValuesMax = 12
        limits.bodyValuesMax = 50
        func refusal(_ body: String, _ form: BodyForm) -> String? {
            do throws(ChangeError) {
                _ = try read(body, as: form, batching: .atomic, limits)
                return nil
            } catch {
                return error.code
            }
        }
        let instance = { (json: String) in
            Self.right.replacing("{\"id\":1}", with: "{\"id\":1,\"a\":\(json)}")
        }
        for (change, code) in [
            (instance("[[1]]"), "nesting-too-deep"), (instance("[1]"), nil),
            (instance("12345"), "number-too-long"), (instance("1234"), nil),
            (instance("\"0123456789abcdef\""), "instance-too-large"),
            (instance("\"0123456789abcde\""), nil),
            (instance(String(repeating: " ", count: 50) + "1"), "change-too-large"),
        ] {
            #expect(refusal(change, .ndjson) == code, "\(change)")
            #expect(refusal(change, .json) == code, "\(change)")
            #expect(refusal("[\(change)]", .json) == code, "\(change)")
        }
        #expect(refusal(instance("[1,1]"), .ndjson) == "too-many-values")
        #expect(
            refusal("[" + String(repeating: "1,", count: 50) + "1]", .json) == "too-many-values")
        #expect(refusal("\(Self.right)\n\(Self.right)", .ndjson) == nil)
        #expect(
            refusal("\(Self.right)\n\(Self.right)\n\(Self.right)", .ndjson) == "too-many-changes")
        #expect(refusal("[\(Self.right),\(Self.right),\(Self.right)]", .json) == "too-many-changes")
    }

    @Test func aLineBeyondTheLimitIsRefusedUnread() {
        let body = Self.right + "\n{" + String(repeating: " ", count: 5 << 20)
        let error = #expect(throws: ChangeError.self) { try read(body, as: .ndjson) }
        #expect(error?.code == "change-too-large")
        #expect(error?.line == 2)
    }

    @Test(arguments: [32, 10_000, 1_000_000])
    func deepNestingIsRefused(depth: Int) {
        let deep = String(repeating: "[", count: depth)
        for form in BodyForm.allCases {
            let error = #expect(throws: ChangeError.self) {
                try read("{\"model\":\"m\",\"instance\":\(deep)", as: form)
            }
            #expect(error?.code == "nesting-too-deep")
        }
    }
}
