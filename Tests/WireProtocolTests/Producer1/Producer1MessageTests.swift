import Testing
import WireProtocol

struct Producer1MessageTests {
    @Test(arguments: [
        (#"{"batch":17,"changes":[1]}"#, UInt64(17), "[1]"),
        (#" { "batch" : 0 , "changes" : [ ] } "#, 0, "[ ] "),
        ("{\n\"batch\":\t18446744073709551615,\r\n\"changes\":[{}]\n}\n", .max, "[{}]\n"),
        // What is wrong in the changes or behind them is for the reader of changes.
        (#"{"batch":1,"changes":[1],"more":2}"#, 1, #"[1],"more":2"#),
        (#"{"batch":1,"changes":[}"#, 1, "["),
    ])
    func aBatchIsFoundWithoutReadingItsChanges(
        _ text: String, _ number: UInt64, _ changes: String
    ) throws {
        let message = Array(text.utf8)
        guard case .batch(number, let range) = try Producer1Message(message) else {
            Issue.record("no batch \(number) in \(text)")
            return
        }
        #expect(String(decoding: message[range], as: UTF8.self) == changes)
    }

    @Test(arguments: [
        (#"{"batch":3}"#, "missing-changes"),
        (#"{"batch":3,"model":"m"}"#, "missing-changes"),
        (#"{"batch":3,"changes":{}}"#, "invalid-changes"),
        (#"{"batch":3,"changes":null}"#, "invalid-changes"),
        (#"{"batch":3,"changes":}"#, "invalid-changes"),
        (#"{"batch":3,"changes":[]"#, "malformed-json"),
        (#"{"batch":3,"changes":"#, "malformed-json"),
    ])
    func aBatchWithoutChangesIsRefusedByItsNumber(_ text: String, _ code: String) throws {
        guard case .unreadable(3, let refusal) = try Producer1Message(Array(text.utf8)) else {
            Issue.record("not an unreadable batch: \(text)")
            return
        }
        #expect(refusal.code == code)
        #expect(!refusal.message.isEmpty)
    }

    @Test(arguments: [
        "a", "Django-7f3/α".replacing("α", with: "~"), String(repeating: "x", count: 128),
    ])
    func aProducerGivesItsName(_ name: String) throws {
        let message = Array(#"{"producer":"\#(name)"}"#.utf8)
        #expect(try Producer1Message(message) == .producer(name: name))
    }

    @Test(arguments: [
        ("", "unknown-message"),
        ("[]", "unknown-message"),
        ("{}", "unknown-message"),
        (#"{"changes":[],"batch":1}"#, "unknown-message"),
        (#"{"subscribe":1,"model":"m"}"#, "unknown-message"),
        (#"{"batch":-1,"changes":[]}"#, "invalid-batch"),
        (#"{"batch":"1","changes":[]}"#, "invalid-batch"),
        (#"{"batch":01,"changes":[]}"#, "invalid-batch"),
        (#"{"batch":18446744073709551616,"changes":[]}"#, "invalid-batch"),
        (#"{"batch":1.5,"changes":[]}"#, "missing-changes"),
        (#"{"producer":""}"#, "invalid-producer"),
        (#"{"producer":"a b"}"#, "invalid-producer"),
        (#"{"producer":"ä"}"#, "invalid-producer"),
        (#"{"producer":7}"#, "invalid-producer"),
        (#"{"producer":"a","batch":1}"#, "invalid-producer"),
        (#"{"producer":"a""#, "malformed-json"),
        (#"{"producer":"\#(String(repeating: "x", count: 129))"}"#, "invalid-producer"),
    ])
    func whatIsNotOfTheDialectIsSaidPrecisely(_ text: String, _ code: String) {
        do throws(Producer1Error) {
            let message = try Producer1Message(Array(text.utf8))
            // A number that is cut short by something else is a batch without changes.
            guard case .unreadable(_, let refusal) = message else {
                Issue.record("accepted: \(text)")
                return
            }
            #expect(refusal.code == code)
        } catch {
            #expect(error.code == code)
            #expect(!error.message.isEmpty)
        }
    }

    @Test func anyPrefixOfAMessageIsRefusedWithoutHarm() throws {
        let message = Array(#"{"batch":12,"changes":[{"model":"m"}]}"#.utf8)
        for count in 0..<message.count {
            do throws(Producer1Error) {
                let read = try Producer1Message(Array(message.prefix(count)))
                guard case .unreadable(let number, _) = read else {
                    Issue.record("accepted \(count) bytes")
                    continue
                }
                #expect([1, 12].contains(number))
            } catch {
                #expect(["unknown-message", "invalid-batch"].contains(error.code))
            }
        }
    }
}
