import LogModel

extension Livelog1Request {
    /// The message that is read as this request: what a client sends. What is the default is left out.
    ///
    /// The filter must be one that a message can say: with each kind of test once for a property.
    package var json: [UInt8] {
        var json: [UInt8] = []
        switch self {
        case .subscribe(let id, let request):
            json.append(literal: "{\"subscribe\":")
            json.append(decimal: id)
            request.appendMembers(to: &json)
        case .unsubscribe(let id):
            json.append(literal: "{\"unsubscribe\":")
            json.append(decimal: id)
        case .authenticate(let token):
            json.append(literal: "{\"authenticate\":")
            json.append(quoting: token)
        }
        json.append(literal: "}")
        return json
    }
}

extension SubscriptionRequest {
    fileprivate func appendMembers(to json: inout [UInt8]) {
        json.append(literal: ",\"model\":")
        JSONText.append(string: self.filter.model.bytes, to: &json)
        if !self.filter.conditions.isEmpty {
            json.append(literal: ",\"where\":")
            Self.append(self.filter.conditions, to: &json)
        }
        if self.start != .now {
            json.append(literal: ",\"from\":")
            self.start.append(to: &json)
        }
        if self.catchUp != .all {
            json.append(literal: ",\"catchUp\":")
            json.append(quoting: self.catchUp.rawValue)
        }
        if let budget {
            json.append(literal: ",\"budget\":")
            json.append(plain: String(budget))
        }
    }

    /// Appends an object with a member for each property. The conditions are in order, those of a property
    /// together.
    private static func append(_ conditions: [Condition], to json: inout [UInt8]) {
        json.append(literal: "{")
        var rest = conditions[...]
        while let property = rest.first?.property {
            let tests = rest.prefix { $0.property == property }.map(\.test)
            rest = rest.dropFirst(tests.count)
            JSONText.append(string: property.bytes, to: &json)
            json.append(literal: ":")
            if tests.count == 1, case .isIn(let values) = tests[0], values.count == 1 {
                JSONText.append(scalar: values[0], to: &json)
            } else {
                for (place, test) in tests.enumerated() {
                    json.append(literal: place == 0 ? "{" : ",")
                    test.append(to: &json)
                }
                json.append(literal: "}")
            }
            if !rest.isEmpty { json.append(literal: ",") }
        }
        json.append(literal: "}")
    }
}

extension SubscriptionRequest.Start {
    fileprivate func append(to json: inout [UInt8]) {
        switch self {
        case .now, .start, .snapshot, .token: json.append(quoting: self.queryText)
        case .offset(let offset):
            json.append(literal: "{\"offset\":")
            json.append(decimal: offset.rawValue)
            json.append(literal: "}")
        case .time(let time):
            json.append(literal: "{\"time\":")
            json.append(plain: String(time))
            json.append(literal: "}")
        }
    }
}

extension Condition.Test {
    /// Appends a member of an object of operators.
    fileprivate func append(to json: inout [UInt8]) {
        switch self {
        case .isIn(let values): Self.append("in", values, to: &json)
        case .isNot(let values): Self.append("!=", values, to: &json)
        case .order(let order, let value):
            json.append(quoting: order.rawValue)
            json.append(literal: ":")
            JSONText.append(scalar: value, to: &json)
        case .hasPrefix(let text):
            json.append(literal: "\"prefix\":")
            JSONText.append(string: text.bytes, to: &json)
        }
    }

    private static func append(_ name: String, _ values: [Scalar], to json: inout [UInt8]) {
        json.append(quoting: name)
        json.append(literal: ":[")
        for (place, value) in values.enumerated() {
            if place > 0 { json.append(literal: ",") }
            JSONText.append(scalar: value, to: &json)
        }
        json.append(literal: "]")
    }
}
