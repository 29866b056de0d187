import LoadTest
import NIOCore
import Testing

/// The text of an event, and finding it again.
struct EventTests {
    private func template() throws -> EventTemplate {
        var template = EventTemplate()
        template.append(#"{"id":"#)
        template.append(.id)
        template.append(#","data":""#)
        template.appendMarker()
        try template.pad(to: 120, reserving: 2)
        template.append(#""}"#)
        return template
    }

    private func markers(in message: ByteBuffer) -> (count: Int?, markers: [EventMarker]) {
        var markers: [EventMarker] = []
        let count = EventMarker.forEach(in: message.readableBytesView) { markers.append($0) }
        return (count, markers)
    }

    @Test func eventsOfAMessageAreFoundInOrder() throws {
        var template = try self.template()
        var message = ByteBuffer(string: #"{"changes":1,"records":["#)
        var expected: [EventMarker] = []
        for number in 0..<100 {
            let event = Event(
                id: UInt64(number), group: number * 9_973 % EventTemplate.groupsMax,
                sequence: UInt64(number) * 7_919, time: 9_999_999_999_999_999 - UInt64(number))
            template.write(event, to: &message)
            expected.append(
                EventMarker(group: event.group, sequence: event.sequence, time: event.time))
        }
        message.writeString("]}")
        let found = self.markers(in: message)
        #expect(found.count == 100)
        #expect(found.markers == expected)
    }

    @Test func anEventHasTheBytesThatWereAskedFor() throws {
        var template = try self.template()
        var buffer = ByteBuffer()
        template.write(Event(id: 1, group: 2, sequence: 3, time: 4), to: &buffer)
        #expect(buffer.readableBytes == 120)
        #expect(template.byteCount == 120)
    }

    @Test func tooFewBytesAreRefusedWithTheLeastThatWillDo() {
        var template = EventTemplate()
        template.appendMarker()
        #expect { try template.pad(to: 20, reserving: 1) } throws: { error in
            (error as? LoadError)?.code == .invalidOptions
                && "\(error)".contains("at least \(EventMarker.byteCount + 1) bytes")
        }
    }

    /// Wherever a message is cut, and whichever byte of a marker is not what was sent, that is noticed.
    @Test func everyCutAndEveryChangedByteOfAMarkerIsNoticed() throws {
        var template = EventTemplate()
        template.append("..")
        template.appendMarker()
        var whole = ByteBuffer()
        template.write(Event(id: 0, group: 1, sequence: 2, time: 3), to: &whole)
        #expect(self.markers(in: whole).count == 1)
        for count in 3..<whole.readableBytes {
            let cut = try #require(whole.getSlice(at: 0, length: count))
            #expect(self.markers(in: cut).count == nil)
        }
        for place in 3..<whole.readableBytes {
            var changed = whole
            changed.setInteger(UInt8(ascii: "x"), at: place)
            #expect(self.markers(in: changed).count == nil, "byte \(place)")
        }
    }

    @Test func keysOfRunsDoNotMeet() throws {
        var first = try self.template()
        var second = first
        second.run = 1
        var (one, other) = (ByteBuffer(), ByteBuffer())
        first.write(
            Event(id: EventTemplate.keysOfRun - 1, group: 0, sequence: 0, time: 0), to: &one)
        second.write(Event(id: 0, group: 0, sequence: 0, time: 0), to: &other)
        #expect(one.getString(at: 6, length: 15) == "100009999999999")
        #expect(other.getString(at: 6, length: 15) == "100010000000000")
    }
}
