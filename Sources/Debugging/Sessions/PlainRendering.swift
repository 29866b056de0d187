import LogModel
import WireProtocol

/// What is told of a record, made a second time: the fields of a view are picked from the parsed JSON. Of the server's own
/// code it has the parser, the escapes of strings and the camel case of keys.
extension PlainRecord {
    /// Appends the record as `form` tells it, which did `change` to the set of `filter`: JSON of `livelog.v1`, or a whole
    /// frame of rest-live, or nothing.
    func append(_ change: SetChange, _ form: RecordForm, _ filter: Filter, to bytes: inout [UInt8])
    {
        let isOver = change == .left || change == .deleted
        let view = self.clause(of: filter.sight, isOver ? .before : .after)?.view ?? .nothing
        switch form {
        case .livelog1: bytes += self.livelog1(change, view)
        case .restLive1(let model):
            guard change != .left else { return }
            OutboundFrame.append(text: self.restLive1(model, filter, view), to: &bytes)
        case .restLive2(let form):
            OutboundFrame.append(text: self.restLive2(change, form, view), to: &bytes)
        }
    }

    private func livelog1(_ change: SetChange, _ view: View) -> [UInt8] {
        var json = Array(
            "{\"offset\":\(self.offset),\"action\":\"\(self.action.name)\",\"change\":\"\(change.name)\",\"key\":"
                .utf8)
        JSONText.append(scalar: self.key, to: &json)
        if change != .left {
            json += Array(",\"instance\":".utf8) + self.shown(view)
        }
        return json + [UInt8(ascii: "}")]
    }

    private func restLive1(_ model: Text?, _ filter: Filter, _ view: View) -> [UInt8] {
        var json = Array("{\"model\":".utf8)
        JSONText.append(string: (model ?? self.values.model).bytes, to: &json)
        json += Array(",\"instance\":".utf8) + self.shown(view, inCamelCase: true)
        json += Array(",\"action\":\"\(self.action.name)\",\"group_key_value\":".utf8)
        JSONText.append(scalar: self.groupKeyValue(of: filter), to: &json)
        return json + [UInt8(ascii: "}")]
    }

    /// The value by which a client of rest-live 1 knows what it asked for, as the record has it.
    private func groupKeyValue(of filter: Filter) -> Scalar {
        guard let asked = filter.conditions.first, case .isIn(let values) = asked.test else {
            return .null
        }
        return self.values.entries.first { group in
            group.property == asked.property
                && values.contains { $0.isSameGroupValue(as: group.value) }
        }?.value ?? .null
    }

    private func restLive2(_ change: SetChange, _ form: RestLive2Form, _ view: View) -> [UInt8] {
        let isOver = change == .left || change == .deleted
        let action = isOver ? "DELETED" : change == .entered ? "CREATED" : "UPDATED"
        var json = Array("{\"type\":\"broadcast\",\"id\":".utf8) + form.id
        json += Array(",\"model\":".utf8)
        JSONText.append(string: form.model.bytes, to: &json)
        json += Array(",\"action\":\"\(action)\",\"instance\":".utf8)
        json += isOver ? self.removed(form, view) : self.shown(view)
        return json + [UInt8(ascii: "}")]
    }

    /// What is told of an instance that is no longer in the set.
    private func removed(_ form: RestLive2Form, _ view: View) -> [UInt8] {
        var name: Text = "pk"
        var value = self.key
        if let lookup = form.lookup, view.fields?.contains(lookup) ?? true {
            name = lookup
            value =
                self.values.entries.first { $0.property == lookup && $0.isOf(.before) }?.value
                ?? .null
        }
        var json: [UInt8] = [UInt8(ascii: "{")]
        JSONText.append(string: name.bytes, to: &json)
        json.append(UInt8(ascii: ":"))
        JSONText.append(scalar: value, to: &json)
        if name == "pk" || name != "id" {
            json += Array(",\"id\":".utf8)
            JSONText.append(scalar: self.key, to: &json)
        }
        json.append(UInt8(ascii: "}"))
        return view.usesCamelCase ? Self.inCamelCase(json) : json
    }

    // MARK: - Views

    /// What `view` shows of the instance.
    private func shown(_ view: View, inCamelCase: Bool = false) -> [UInt8] {
        var json = self.instance
        if let rendering = view.rendering {
            guard let found = self.renderings.first(where: { $0.name == rendering }) else {
                return Array("null".utf8)
            }
            json = found.json
        }
        if let fields = view.fields { json = Self.picked(fields, of: json) }
        return inCamelCase || view.usesCamelCase ? Self.inCamelCase(json) : json
    }

    private static func inCamelCase(_ json: [UInt8]) -> [UInt8] {
        var renamed: [UInt8] = []
        CamelCase.append(keysOf: json.span.bytes, to: &renamed)
        return renamed
    }

    /// Whatever is in the log was within the limits of its producer; here there are none but the parser's own.
    private static let limits = JSONLimits(depthMax: 1024, tokensMax: .max, numberLengthMax: .max)

    /// The members of an object that `fields` names, in the object's order. None of anything else.
    private static func picked(_ fields: [Text], of json: [UInt8]) -> [UInt8] {
        var picked: [UInt8] = [UInt8(ascii: "{")]
        if let document = try? JSONDocument(parsing: json, limits: Self.limits) {
            // In minified JSON a member, with its key as it was written, begins behind the brace or comma before it.
            var start = 1
            for member in document.members(of: document.root) {
                let end = document.rawRange(of: member.value).upperBound
                if fields.contains(member.key) {
                    if picked.count > 1 { picked.append(UInt8(ascii: ",")) }
                    picked += json[start..<end]
                }
                start = end + 1
            }
        }
        return picked + [UInt8(ascii: "}")]
    }
}
