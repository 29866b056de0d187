import LogFormat
import LogModel
import TestSupport
import Testing
import WireProtocol

/// What a subscriber of rest-live 2 is sent.
struct RestLive2FrameTests {
    private static func frame(
        _ sample: SampleRecord, _ change: SetChange, id: String = "1337", model: Text = "m",
        lookup: Text? = nil, _ view: View = .whole
    ) -> String {
        let form = RestLive2Form(id: Array(id.utf8), model: model, lookup: lookup)
        var renderer = RecordRenderer()
        var bytes: [UInt8] = []
        renderer.appendRestLive2Frame(sample.view, change, form, view, to: &bytes)
        return TextFrame.text(of: bytes)
    }

    @Test(arguments: [
        (SetChange.entered, "CREATED"), (.updated, "UPDATED"),
    ])
    func theActionIsWhatHappenedToTheSet(change: SetChange, action: String) {
        let sample = SampleRecord(.updated, instance: #"{"id":1,"a_b":{"c_d":"e_f"}}"#)
        #expect(
            Self.frame(sample, change, model: "todolist.Task")
                == #"{"type":"broadcast","id":1337,"model":"todolist.Task","action":"\#(action)","#
                + #""instance":{"id":1,"a_b":{"c_d":"e_f"}}}"#)
    }

    @Test(arguments: [
        (Scalar.number(1), "1"), (.string("a\"b"), #""a\"b""#), (.string("1"), #""1""#),
    ])
    func ofWhatIsGoneOnlyTheKeyIsTold(key: Scalar, json: String) {
        for change in [SetChange.left, .deleted] {
            let sample = SampleRecord(.updated, key: key, instance: #"{"secret":1}"#)
            #expect(
                Self.frame(sample, change)
                    == #"{"type":"broadcast","id":1337,"model":"m","action":"DELETED","#
                    + #""instance":{"pk":\#(json),"id":\#(json)}}"#)
        }
    }

    /// The value of before, which the reader has seen, and not the one by which it left.
    @Test func orTheLookupAsItWas() {
        let left = SampleRecord(
            .updated, key: .number(7),
            groups: [
                .init("the_slug", .string("new"), .entered),
                .init("the_slug", .string("old"), .left),
            ], instance: #"{"the_slug":"new"}"#)
        func instance(_ json: String) -> String {
            #"{"type":"broadcast","id":1337,"model":"m","action":"DELETED","instance":\#(json)}"#
        }
        #expect(
            Self.frame(left, .left, lookup: "the_slug")
                == instance(#"{"the_slug":"old","id":7}"#))
        let camel = View(name: "v", fields: ["the_slug"], usesCamelCase: true)
        #expect(
            Self.frame(left, .left, lookup: "the_slug", camel)
                == instance(#"{"theSlug":"old","id":7}"#))
        // Not to a reader who is never shown it.
        let without = View(name: "w", fields: ["id"])
        #expect(
            Self.frame(left, .left, lookup: "the_slug", without)
                == instance(#"{"pk":7,"id":7}"#))
        let stayed = SampleRecord(
            .deleted, key: .number(7), groups: [.init("the_slug", .number(4), .stayed)])
        #expect(
            Self.frame(stayed, .deleted, lookup: "the_slug")
                == instance(#"{"the_slug":4,"id":7}"#))
        #expect(
            Self.frame(stayed, .deleted, lookup: "other") == instance(#"{"other":null,"id":7}"#))
    }

    @Test func whatIsSeenIsWhatTheViewShows() {
        let sample = SampleRecord(
            .created, offset: Offset(4), instance: #"{"id":1,"a_b":2,"secret":3}"#)
        let view = View(name: "v", fields: ["a_b", "id"], usesCamelCase: true)
        for _ in 0..<2 {
            #expect(
                Self.frame(sample, .entered, view)
                    == #"{"type":"broadcast","id":1337,"model":"m","action":"CREATED","instance":{"id":1,"aB":2}}"#
            )
        }
    }

    /// One record in all forms that there are: none takes another's place.
    @Test func aRendererKeepsTheFormsApart() {
        let sample = SampleRecord(
            .created, groups: [.init("p", .number(1))], instance: #"{"a_b":1}"#)
        let view = View(name: "v", fields: ["a_b"])
        var renderer = RecordRenderer()
        let form = RestLive2Form(id: [0x31], model: "n")
        for _ in 0..<2 {
            var bytes: [UInt8] = []
            renderer.appendRestLive2Frame(sample.view, .entered, form, view, to: &bytes)
            renderer.appendRestLive1Frame(
                sample.view, sample.view.group(0), view, model: "n", to: &bytes)
            renderer.appendRestLive1Frame(sample.view, sample.view.group(0), view, to: &bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.contains(#""action":"CREATED","instance":{"a_b":1}}"#))
            #expect(text.contains(#"{"model":"n","instance":{"aB":1},"action":"CREATED","#))
            #expect(text.contains(#"{"model":"todolist.Task","instance":{"aB":1},"#))
        }
    }

    @Test func errorsSayWhatTheyAreAbout() {
        var bytes: [UInt8] = []
        RestLive2Error.unknownSubscription(Array(#"{"a":0}"#.utf8)).appendFrame(to: &bytes)
        #expect(
            TextFrame.text(of: bytes)
                == #"{"type":"error","id":{"a":0},"code":404,"message":"Attempted to unsubscribe for request ID before subscribing."}"#
        )
    }
}
