/// An event of a `text/event-stream`, as a browser reads it.
struct ReadEvent: Equatable {
    var name = "message"
    var id: String?
    var data = ""
    var retry: Int?

    /// The events of a stream by the rules of the HTML standard: lines end with CR LF, LF or CR, an empty line
    /// ends an event, one without data is dropped.
    static func all(in stream: [UInt8]) -> [ReadEvent] {
        var events: [ReadEvent] = []
        var event = ReadEvent()
        var data: [String] = []
        for line in self.lines(of: stream) {
            if line.isEmpty {
                event.data = data.joined(separator: "\n")
                if !data.isEmpty { events.append(event) }
                event = ReadEvent()
                data = []
                continue
            }
            let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
            let field = String(decoding: line[..<colon], as: UTF8.self)
            var rest = line[colon...].dropFirst()
            if rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
            let value = String(decoding: rest, as: UTF8.self)
            switch field {
            case "event": event.name = value
            case "id": event.id = value
            case "data": data.append(value)
            case "retry": event.retry = Int(value)
            default: break
            }
        }
        return events
    }

    private static func lines(of stream: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var place = 0
        while place < stream.count {
            let byte = stream[place]
            place += 1
            guard byte == 0x0A || byte == 0x0D else {
                line.append(byte)
                continue
            }
            if byte == 0x0D, place < stream.count, stream[place] == 0x0A { place += 1 }
            lines.append(line)
            line = []
        }
        return lines
    }
}
