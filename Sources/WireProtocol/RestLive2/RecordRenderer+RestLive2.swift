package import LogFormat
package import LogModel

extension RecordRenderer {
    /// Appends the rest-live 2 frame of `record`, which did `change` to the set of the subscription that `form` is of.
    ///
    /// Of an instance that is no longer in the set nothing is said but what it is found by.
    package mutating func appendRestLive2Frame(
        _ record: borrowing RecordView, _ change: SetChange, _ form: RestLive2Form,
        _ view: View = .whole, to bytes: inout [UInt8]
    ) {
        var frame: [UInt8] = []
        form.appendStart(change, to: &frame)
        switch change {
        case .entered, .updated: self.appendInstance(record, view, to: &frame)
        case .left, .deleted: Self.appendRemoved(record, form, view, to: &frame)
        }
        frame.append(UInt8(ascii: "}"))
        OutboundFrame.append(text: frame, to: &bytes)
    }

    /// Appends `{"pk":1,"id":1}`, or, if instances are looked up by another property, `{"slug":"old","id":1}` with the
    /// value that it had while the instance was in the set. A view whose fields do not have that property does not show it
    /// here either; of a rendering whoever configured the lookup has to know.
    private static func appendRemoved(
        _ record: borrowing RecordView, _ form: RestLive2Form, _ view: View,
        to json: inout [UInt8]
    ) {
        var object: [UInt8] = []
        object.append(literal: "{")
        let lookup = form.lookup.flatMap { view.fields?.contains($0) == false ? nil : $0 }
        if let lookup {
            JSONText.append(string: lookup.bytes, to: &object)
            object.append(literal: ":")
            self.appendValueBefore(record, lookup, to: &object)
        } else {
            object.append(literal: "\"pk\":")
            self.append(record.keyKind, record.key, to: &object)
        }
        if lookup != "id" {
            object.append(literal: ",\"id\":")
            self.append(record.keyKind, record.key, to: &object)
        }
        object.append(literal: "}")
        if view.usesCamelCase {
            CamelCase.append(keysOf: object.span.bytes, to: &json)
        } else {
            json.append(contentsOf: object)
        }
    }

    /// Appends the value that `property` had before `record`; `null` if that is not one of the record's groups.
    private static func appendValueBefore(
        _ record: borrowing RecordView, _ property: Text, to json: inout [UInt8]
    ) {
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            guard entry.membership != .entered,
                record.property(of: entry).isEqual(to: property.bytes.span.bytes)
            else { continue }
            return self.append(entry.valueKind, record.value(of: entry), to: &json)
        }
        json.append(literal: "null")
    }
}
