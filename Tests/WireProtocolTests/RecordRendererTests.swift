import LogFormat
import LogModel
import TestSupport
import Testing
import WireProtocol

struct RecordRendererTests {
    @Test(arguments: [
        (
            SampleRecord(
                .updated, key: .number(1), offset: Offset(12),
                instance: #"{"id":1,"a_b":"x_y"}"#), SetChange.entered,
            #"{"offset":12,"action":"UPDATED","change":"entered","key":1,"instance":{"id":1,"a_b":"x_y"}}"#
        ),
        (
            SampleRecord(.created, key: .string("a\"\u{1}é"), instance: "{}"), .updated,
            #"{"offset":0,"action":"CREATED","change":"updated","key":"a\"\u0001é","instance":{}}"#
        ),
        (
            SampleRecord(.deleted, key: .string("1"), offset: Offset(.max - 1), instance: "{}"),
            .deleted,
            #"{"offset":18446744073709551614,"action":"DELETED","change":"deleted","key":"1","instance":{}}"#
        ),
        (
            SampleRecord(.updated, key: .boolean(true), instance: #"{"secret":1}"#), .left,
            #"{"offset":0,"action":"UPDATED","change":"left","key":true}"#
        ),
        (
            SampleRecord(.updated, key: Scalar(kind: .number, text: "1.50e3"), instance: "{}"),
            .left, #"{"offset":0,"action":"UPDATED","change":"left","key":1.50e3}"#
        ),
        (
            SampleRecord(.updated, key: .null, instance: "{}"), .left,
            #"{"offset":0,"action":"UPDATED","change":"left","key":null}"#
        ),
    ])
    func aRecordInLivelog1(sample: SampleRecord, change: SetChange, text: String) {
        var renderer = RecordRenderer()
        var json: [UInt8] = [0x2C]
        renderer.appendLivelog1(sample.view, change, to: &json)
        #expect(String(decoding: json, as: UTF8.self) == "," + text)
    }

    @Test func aRestLive1FrameSpelledOut() {
        let sample = SampleRecord(
            .updated, model: "t.T", groups: [.init("l_d", .number(4), .stayed)],
            instance: #"{"l_d":4,"o":{"s_t":"u_v"}}"#)
        var frame: [UInt8] = []
        var renderer = RecordRenderer()
        renderer.appendRestLive1Frame(sample.view, sample.view.group(0), to: &frame)
        let text =
            #"{"model":"t.T","instance":{"lD":4,"o":{"sT":"u_v"}},"action":"UPDATED","group_key_value":4}"#
        #expect(frame == [0x81, 0x5B] + Array(text.utf8))
        #expect(text.utf8.count == 0x5B)
    }

    @Test(arguments: [
        (Scalar.number(42), "42"), (.string("42"), #""42""#), (.boolean(false), "false"),
        (.null, "null"), (.string("a\"b"), #""a\"b""#), (.string(""), #""""#),
        (Scalar(kind: .number, text: "-1.0E2"), "-1.0E2"),
    ])
    func theGroupsValueKeepsItsType(value: Scalar, json: String) {
        let sample = SampleRecord(
            .created, model: "a\"b", groups: [.init("p", value)], instance: "{}")
        var frame: [UInt8] = []
        var renderer = RecordRenderer()
        renderer.appendRestLive1Frame(sample.view, sample.view.group(0), to: &frame)
        let text =
            #"{"model":"a\"b","instance":{},"action":"CREATED","group_key_value":\#(json)}"#
        #expect(frame == [0x81, UInt8(text.utf8.count)] + Array(text.utf8))
    }

    @Test func aLongFrameHasALongHeader() {
        let pad = String(repeating: "x", count: 200)
        let sample = SampleRecord(
            .created, model: "m", groups: [.init("p", .number(1))], instance: #"{"a":"\#(pad)"}"#)
        var frame: [UInt8] = []
        var renderer = RecordRenderer()
        renderer.appendRestLive1Frame(sample.view, sample.view.group(0), to: &frame)
        let text =
            #"{"model":"m","instance":{"a":"\#(pad)"},"action":"CREATED","group_key_value":1}"#
        #expect(frame == [0x81, 126, 1, 16] + Array(text.utf8))
        #expect(text.utf8.count == 272)
    }

    @Test func oneRecordIsRenderedForAllItsGroupsAndTheNextTakesItsPlace() {
        var renderer = RecordRenderer()
        let groups: [SampleRecord.Group] = [.init("p", .number(1)), .init("q", .string("2"))]
        for offset in [3, 4, 4, 9] as [UInt64] {
            let sample = SampleRecord(
                .created, offset: Offset(offset), groups: groups, instance: #"{"n":\#(offset)}"#)
            for (place, value) in ["1", #""2""#].enumerated() {
                var frame: [UInt8] = []
                renderer.appendRestLive1Frame(sample.view, sample.view.group(place), to: &frame)
                #expect(
                    String(decoding: frame.dropFirst(2), as: UTF8.self)
                        == #"{"model":"todolist.Task","instance":{"n":\#(offset)},"action":"CREATED","group_key_value":\#(value)}"#
                )
            }
            for change in SetChange.allCases {
                var once: [UInt8] = []
                renderer.appendLivelog1(sample.view, change, to: &once)
                var again: [UInt8] = []
                renderer.appendLivelog1(sample.view, change, to: &again)
                #expect(once == again)
                #expect(once.starts(with: #"{"offset":\#(offset),"#.utf8))
            }
        }
    }
}
