import WireProtocol

extension Subscription {
    /// Whether a server could take it.
    ///
    /// - Throws: `invalid-argument`, with what is wrong.
    public func validate() throws(ClientError) {
        guard !self.model.isEmpty else { throw .argument("the model is empty") }
        if let budget, budget < 1 { throw .argument("the budget is at least 1, not \(budget)") }
        for condition in self.conditions { try condition.validate() }
        for (_, conditions) in self.conditionsByProperty {
            var operators: Set<String> = []
            for condition in conditions {
                guard case .isNot = condition.test else {
                    let isNew = operators.insert(condition.test.operator).inserted
                    guard !isNew else { continue }
                    throw .argument(
                        "\"\(condition.property)\" has two conditions by "
                            + "\"\(condition.test.operator)\"")
                }
            }
        }
    }

    /// The request of the dialect `livelog.v1`.
    ///
    /// - Parameters:
    ///   - id: the number by which the client names the subscription.
    ///   - from: where to begin, which after a delivery is its token.
    package func request(id: UInt64, from: Start) -> [UInt8] {
        var json = Array("{\"subscribe\":\(id),".utf8)
        self.writeFilter(to: &json)
        json += ",\"from\":".utf8
        from.write(to: &json)
        if self.catchUp != .all { json += ",\"catchUp\":\"\(self.catchUp.rawValue)\"".utf8 }
        if let budget { json += ",\"budget\":\(budget)".utf8 }
        json.append(UInt8(ascii: "}"))
        return json
    }

    /// What is wanted, as one JSON object: the same for all subscriptions to which a resume token of this one
    /// belongs, whatever the order of their conditions.
    public var filter: String {
        var canonical = self
        canonical.conditions = self.conditions
            .map { ($0, Array(Subscription(model: "", where: $0).request(id: 0, from: .now))) }
            .sorted { $0.1.lexicographicallyPrecedes($1.1) }
            .map { $0.0 }
        var json = [UInt8(ascii: "{")]
        canonical.writeFilter(to: &json)
        json.append(UInt8(ascii: "}"))
        return String(decoding: json, as: UTF8.self)
    }

    private func writeFilter(to json: inout [UInt8]) {
        json += "\"model\":".utf8
        JSONText.append(string: self.model, to: &json)
        guard !self.conditions.isEmpty else { return }
        json += ",\"where\":".utf8
        self.writeConditions(to: &json)
    }

    /// The conditions of each property, properties in the order of their first condition.
    private var conditionsByProperty: [(property: String, conditions: [Condition])] {
        var groups: [(property: String, conditions: [Condition])] = []
        for condition in self.conditions {
            // By their bytes, as the server does: to Swift some different names are equal.
            let name = condition.property.utf8
            if let index = groups.firstIndex(where: { $0.property.utf8.elementsEqual(name) }) {
                groups[index].conditions.append(condition)
            } else {
                groups.append((condition.property, [condition]))
            }
        }
        return groups
    }

    private func writeConditions(to json: inout [UInt8]) {
        json.append(UInt8(ascii: "{"))
        for (number, group) in self.conditionsByProperty.enumerated() {
            if number > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(string: group.property, to: &json)
            json.append(UInt8(ascii: ":"))
            if group.conditions.count == 1, case .isIn(let values) = group.conditions[0].test,
                values.count == 1
            {
                values[0].write(to: &json)
            } else {
                Self.write(group.conditions.map(\.test), to: &json)
            }
        }
        json.append(UInt8(ascii: "}"))
    }

    /// The tests of one property as one object. What it must not be is one list, as an object has a key once.
    private static func write(_ tests: [Condition.Test], to json: inout [UInt8]) {
        let excluded = tests.flatMap { test in
            if case .isNot(let values) = test { return values }
            return []
        }
        let others = tests.filter { test in
            if case .isNot = test { return false }
            return true
        }
        json.append(UInt8(ascii: "{"))
        let merged = others + (excluded.isEmpty ? [] : [.isNot(excluded)])
        for (number, test) in merged.enumerated() {
            if number > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(string: test.operator, to: &json)
            json.append(UInt8(ascii: ":"))
            test.writeOperand(to: &json)
        }
        json.append(UInt8(ascii: "}"))
    }
}

extension Subscription.Start {
    fileprivate func write(to json: inout [UInt8]) {
        switch self {
        case .now: json += "\"now\"".utf8
        case .start: json += "\"start\"".utf8
        case .snapshot: json += "\"snapshot\"".utf8
        case .token(let token): JSONText.append(string: token, to: &json)
        case .offset(let offset): json += "{\"offset\":\(offset)}".utf8
        case .time(let text):
            json += "{\"time\":".utf8
            JSONText.append(string: text, to: &json)
            json.append(UInt8(ascii: "}"))
        case .microseconds(let time): json += "{\"time\":\(time)}".utf8
        }
    }
}

extension Subscription.Condition {
    /// Whether a server could take it.
    ///
    /// - Throws: `invalid-argument`, with what is wrong.
    func validate() throws(ClientError) {
        guard !self.property.isEmpty else { throw .argument("a property's name is empty") }
        switch self.test {
        case .isIn(let values), .isNot(let values):
            guard !values.isEmpty else { throw .argument("the list of values is empty") }
        case .order(_, .number), .order(_, .string):
            break
        case .order(let order, _):
            throw .argument("\"\(order.rawValue)\" compares with a number or a string")
        case .hasPrefix(let prefix):
            guard !prefix.isEmpty else { throw .argument("the prefix is empty") }
        }
    }
}

extension Subscription.Condition.Test {
    /// The name of the operator in a request.
    fileprivate var `operator`: String {
        switch self {
        case .isIn: "in"
        case .isNot: "!="
        case .order(let order, _): order.rawValue
        case .hasPrefix: "prefix"
        }
    }

    fileprivate func writeOperand(to json: inout [UInt8]) {
        switch self {
        case .isNot(let values) where values.count == 1:
            values[0].write(to: &json)
        case .isIn(let values), .isNot(let values):
            json.append(UInt8(ascii: "["))
            for (number, value) in values.enumerated() {
                if number > 0 { json.append(UInt8(ascii: ",")) }
                value.write(to: &json)
            }
            json.append(UInt8(ascii: "]"))
        case .order(_, let value): value.write(to: &json)
        case .hasPrefix(let prefix): JSONText.append(string: prefix, to: &json)
        }
    }
}

extension ClientError {
    fileprivate static func argument(_ what: String) -> ClientError {
        ClientError(.invalidArgument, what)
    }
}
