package import LogFormat
package import LogModel

extension RecordRenderer {
    /// Appends the `livelog.v1` form of `record` with the time at which it was appended:
    /// `{"offset":12,"action":"UPDATED","change":"entered","key":1,"instance":{…},"time":"2026-11-23T10:00:00Z"}`.
    ///
    /// A time that RFC 3339 cannot write is a number, in microseconds since 1970.
    package mutating func appendDated(
        _ record: borrowing RecordView, _ change: SetChange, _ view: View = .whole,
        to json: inout [UInt8]
    ) {
        self.appendLivelog1(record, change, view, to: &json)
        json.removeLast()
        json.append(contentsOf: ",\"time\":".utf8)
        if RFC3339.range.contains(record.time) {
            JSONText.append(string: RFC3339.text(record.time), to: &json)
        } else {
            json.append(contentsOf: String(record.time).utf8)
        }
        json.append(UInt8(ascii: "}"))
    }
}
