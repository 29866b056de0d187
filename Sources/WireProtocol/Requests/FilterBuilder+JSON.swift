import LogModel

extension FilterBuilder {
    private static let operators =
        ["in", "!="] + Condition.Order.allCases.map(\.rawValue) + ["prefix"]

    /// Adds the conditions of the member `where` of a message.
    mutating func add(
        _ node: JSONDocument.Node, of document: JSONDocument
    ) throws(RequestError) {
        guard document.kind(of: node) == .object else {
            throw .invalidFilter("it must be an object of properties and what they must be")
        }
        for member in document.members(of: node) {
            if let value = document.scalar(member.value) {
                try self.add(member.key, .isIn([value]), by: "a value")
            } else if document.kind(of: member.value) == .object {
                try self.add(member.value, for: member.key, of: document)
            } else {
                throw .invalidFilter(
                    "\(RequestError.excerpt(member.key.string)) takes a string, a number, true, "
                        + "false, null or an object of operators; for one of several values "
                        + "{\"in\":[…]}")
            }
        }
    }

    private mutating func add(
        _ node: JSONDocument.Node, for property: Text, of document: JSONDocument
    ) throws(RequestError) {
        let members = document.members(of: node)
        guard !members.isEmpty else {
            throw .invalidFilter(
                "\(RequestError.excerpt(property.string)) has an object without an operator; "
                    + Self.existing)
        }
        for member in members {
            let name = member.key.string
            let test = try Self.test(name, member.value, for: property, of: document)
            try self.add(property, test, by: "\"\(name)\"")
        }
    }

    private static func test(
        _ name: String, _ node: JSONDocument.Node, for property: Text, of document: JSONDocument
    ) throws(RequestError) -> Condition.Test {
        func refusal(_ wanted: String) -> RequestError {
            .invalidFilter(
                "\"\(name)\" for \(RequestError.excerpt(property.string)) takes \(wanted)")
        }
        switch name {
        case "in":
            guard let values = Self.scalars(node, of: document) else {
                throw refusal("a list of strings, numbers, true, false and null")
            }
            return .isIn(values)
        case "!=":
            if let value = document.scalar(node) { return .isNot([value]) }
            guard let values = Self.scalars(node, of: document) else {
                throw refusal("a string, a number, true, false, null or a list of them")
            }
            return .isNot(values)
        case "prefix":
            guard let text = document.stringBytes(node) else {
                throw refusal("a string that is not empty")
            }
            return .hasPrefix(Text(bytes: text))
        default:
            guard let order = Condition.Order(rawValue: name) else {
                throw RequestError(
                    code: .unknownOperator, member: "where",
                    message: "where: \(RequestError.excerpt(name)) for "
                        + "\(RequestError.excerpt(property.string)) is no operator; \(Self.existing)"
                )
            }
            guard let value = document.scalar(node) else { throw refusal("a number or a string") }
            return .order(order, value)
        }
    }

    private static var existing: String {
        "there are " + self.operators.map { "\"\($0)\"" }.joined(separator: ", ")
    }

    /// The elements of a list of scalars; nil for anything else.
    static func scalars(_ node: JSONDocument.Node, of document: JSONDocument) -> [Scalar]? {
        guard document.kind(of: node) == .array else { return nil }
        var scalars: [Scalar] = []
        for element in document.elements(of: node) {
            guard let scalar = document.scalar(element) else { return nil }
            scalars.append(scalar)
        }
        return scalars
    }
}
