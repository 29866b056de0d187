import LogModel
import Testing
import WireProtocol

struct ChangeReaderTests {
    @Test func aChangeIsReadFromAnObject() throws {
        let change = try read(
            #"{"model":"todolist.Task","action":"UPDATED","instance":{"id":1,"text":"x","done":true,"list_id":null}}"#
        ).single
        #expect(change.action == .updated)
        #expect(change.model == "todolist.Task")
        #expect(change.key == .number(1))
        #expect(change.instance == #"{"id":1,"text":"x","done":true,"list_id":null}"#)
        #expect(
            change.groups == ["id=number:1", "text=string:x", "done=boolean:true", "list_id=null:"])
        #expect(change.views.isEmpty)
    }

    @Test func membersMayStandInAnyOrderAndBeEscaped() throws {
        let change = try read(
            #" {"views":{"s\u0068ort" : {"id" : 1} },"instance":{"n":-1.50E+3,"\u0069d":"\u00e9\n"},"#
                + #""acti\u006Fn":"CREAT\u0045D","model":"a\u002Eb","groups":{"list":42,"n":false}} "#
        ).single
        #expect(change.action == .created)
        #expect(change.model == "a.b")
        #expect(change.key == .string("é\n"))
        #expect(change.groups == ["n=boolean:false", "id=string:é\n", "list=number:42"])
        #expect(change.views == [#"short={"id":1}"#])
        #expect(change.instance == #"{"n":-1.50E+3,"\u0069d":"\u00e9\n"}"#)
    }

    @Test func theKeyOfTheChangeGoesBeforeTheIdOfTheInstance() throws {
        let text = #"{"model":"m","action":"DELETED","instance":{"id":[]},"key":"k"}"#
        #expect(try read(text).single.key == .string("k"))
        #expect(try read(text.replacing(#""k""#, with: "true")).single.key == .boolean(true))
        #expect(try read(text.replacing(#""k""#, with: #""""#)).single.key == .string(""))
    }

    @Test func containersAndLongPropertiesAreNoGroups() throws {
        let long = String(repeating: "v", count: 257)
        let name = String(repeating: "n", count: 129)
        let change = try read(
            #"{"model":"m","action":"CREATED","instance":{"id":1,"list":[1],"object":{"a":1},"long":"\#(long)","#
                + #""escaped":"\u0041\#(long)","\#(name)":1,"":2,"fits":"\#(long.dropLast())","last":"\u0041"}}"#
        ).single
        #expect(
            change.groups == ["id=number:1", "fits=string:\(long.dropLast())", "last=string:A"])
    }

    @Test func aValueIsAsLongAsItsContentAndNotItsEscapes() throws {
        let escapes = String(repeating: #"\u0041"#, count: 256)
        let change = try read(
            #"{"model":"m","action":"CREATED","instance":{"id":1,"long":"\#(escapes)"}}"#
        ).single
        #expect(
            change.groups == ["id=number:1", "long=string:" + String(repeating: "A", count: 256)])
    }

    @Test func propertiesBeyondTheNumberOfGroupsAreNoGroups() throws {
        let properties = (0..<70).map { ",\"p\($0)\":\($0)" }.joined()
        let instance = "{\"id\":1\(properties)}"
        let change = try read(#"{"model":"m","action":"CREATED","instance":\#(instance)}"#).single
        #expect(change.groups == ["id=number:1"] + (0..<63).map { "p\($0)=number:\($0)" })
        // What is asked for takes the place of the last ones that are not.
        let asked = try read(
            #"{"model":"m","action":"CREATED","instance":\#(instance),"groups":{"p62":"x","p69":"y","z":"w"}}"#
        ).single
        #expect(asked.groups.count == 64)
        #expect(asked.groups.suffix(3) == ["p62=string:x", "p69=string:y", "z=string:w"])
        #expect(asked.groups[60] == "p59=number:59")
    }

    @Test func anInstanceWithWhitespaceEqualsOneWithout() throws {
        let spaced =
            #"{"model":"m","action":"CREATED","instance": { "id" : 1 , "a b" : [ 1 , "x  y" ] }, "views":{"v": [ 1 ], "s": " x ", "e":"\u0041"}}"#
        let tight =
            #"{"model":"m","action":"CREATED","instance":{"id":1,"a b":[1,"x  y"]},"views":{"v":[1],"s":" x ","e":"\u0041"}}"#
        let first = try read(spaced).single
        #expect(try first == read(tight).single)
        #expect(first.instance == #"{"id":1,"a b":[1,"x  y"]}"#)
        #expect(first.views == ["v=[1]", #"s=" x ""#, #"e="\u0041""#])
    }

    @Test func aTightInstanceIsReferredToWhereItIs() throws {
        let text = #"{"model":"m","action":"CREATED","instance":{"id":1,"text":"a \" b"}}"#
        let changes = try read(text)
        let place = try #require(text.utf8.firstRange(of: Array(#"{"id":"#.utf8)))
        let start = text.utf8.distance(from: text.utf8.startIndex, to: place.lowerBound)
        #expect(changes.list.first?.instance.start == start)
    }

    @Test func anArrayIsOneBatch() throws {
        let one = #"{"model":"m","action":"CREATED","instance":{"id":1}}"#
        let changes = try read("[\n\(one),\n \(one.replacing("1", with: "2")) ]")
        #expect(changes.list.count == 2)
        #expect(changes.batchEnds == [2])
        #expect(changes.readable.map(\.key) == [.number(1), .number(2)])
    }

    @Test(arguments: [
        "A\nB", "A\nB\n", "\n\nA\n\n  \nB\n\n", "A\r\nB\r\n", " A \t\r\n\r\n\tB  ",
    ])
    func linesAreChanges(layout: String) throws {
        let text = layout.replacing(
            "A", with: #"{"model":"m","action":"CREATED","instance":{"id":1}}"#
        )
        .replacing("B", with: #"{"model":"m", "action":"DELETED", "instance":{"id": 2}}"#)
        let changes = try read(text, as: .ndjson)
        #expect(changes.batchEnds == [2])
        #expect(changes.readable.map(\.key) == [.number(1), .number(2)])
        #expect(changes.readable.map(\.action) == [.created, .deleted])
    }

    @Test func batchesEndBySize() throws {
        let line = #"{"model":"m","action":"CREATED","instance":{"id":1}}"#
        let body = String(repeating: line + "\n", count: 7)
        var limits = ChangeLimits()
        limits.batchCountMax = 3
        #expect(try read(body, as: .ndjson, batching: .bySize, limits).batchEnds == [3, 6, 7])
        #expect(try read(body, as: .ndjson, batching: .atomic, limits).batchEnds == [7])
        limits.batchBytesMax = line.utf8.count * 2 + 1
        #expect(try read(body, as: .ndjson, batching: .bySize, limits).batchEnds == [2, 4, 6, 7])
        limits.batchBytesMax = 1
        #expect(try read(body, as: .ndjson, batching: .bySize, limits).batchEnds == Array(1...7))
        #expect(try read("[\(line),\(line)]", batching: .bySize, limits).batchEnds == [2])
    }

    @Test func longBodiesAreReadPieceByPiece() throws {
        var lines: [String] = []
        for index in 0..<3000 {
            let filling = String(repeating: index % 7 == 0 ? "\\u00e9" : "x", count: index % 90)
            lines.append(
                #"{"model":"m","action":"UPDATED","instance":{"id":\#(index),"text":"\#(filling)"}}"#
            )
        }
        lines[1500] = lines[1500].replacing(
            "\"text\":",
            with: "\"long\":[\""
                + String(repeating: "y", count: 200_000) + "\"], \"text\":")
        let changes = try read(lines.joined(separator: "\n"), as: .ndjson)
        #expect(changes.readable.map(\.key) == (0..<3000).map { .number($0) })
        #expect(changes.readable[1500].instance.utf8.count > 200_000)
        #expect(
            changes.readable[7].groups == [
                "id=number:7", "text=string:" + String(repeating: "é", count: 7),
            ])
    }

    @Test func aReaderIsUsedAgainAfterARefusal() throws {
        var reader = ChangeReader()
        let right = Array(#"{"model":"m","action":"CREATED","instance":{"id":1}}"#.utf8)
        for form in BodyForm.allCases {
            #expect(throws: ChangeError.self) {
                try reader.read(Array("{".utf8), as: form, batching: .atomic)
            }
            let changes = try reader.read(right, as: form, batching: .atomic)
            #expect(changes.readable.count == 1)
        }
    }
}
