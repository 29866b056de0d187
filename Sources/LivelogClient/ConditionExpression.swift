import WireProtocol

extension Subscription.Condition {
    /// The operators, longest first where one begins with another.
    private static let operators = ["!=", "^=", "<=", ">=", "=", "<", ">", " in "]

    /// Reads a condition that somebody typed: `list_id=42`, `state!="done"`, `total<10`, `total>=10`,
    /// `name^=ab` for a prefix, `list_id in [1,2]`.
    ///
    /// A value is JSON if it is a JSON scalar (`42`, `true`, `null`, `"42"`), or else the text itself. The
    /// property ends at the first operator.
    ///
    /// - Throws: `invalid-argument` if it is none of these.
    public init(expression: String) throws(ClientError) {
        guard let (name, found, rest) = Self.split(expression), !name.isEmpty else {
            throw Self.invalid(
                expression, "it is PROPERTY=VALUE, or has != < <= > >= ^= or \" in [A,B]\" instead")
        }
        let property = String(name)
        let value = ScalarValue(typed: String(rest))
        let test: Test
        switch found {
        case "=": test = .isIn([value])
        case "!=": test = .isNot([value])
        case "^=":
            // A prefix is text: digits are a prefix, and not a number.
            if case .string(let text) = value {
                test = .hasPrefix(text)
            } else {
                test = .hasPrefix(String(rest))
            }
        case " in ":
            guard let values = Self.list(rest) else {
                throw Self.invalid(expression, "after \"in\" comes a list like [1,\"b\"]")
            }
            test = .isIn(values)
        default:
            guard let order = Order(rawValue: found) else {
                throw Self.invalid(expression, "it has no operator")
            }
            test = .order(order, value)
        }
        self.init(property: property, test)
        do {
            try self.validate()
        } catch {
            throw Self.invalid(expression, error.message)
        }
    }

    private static func split(
        _ text: String
    ) -> (name: Substring, operator: String, rest: Substring)? {
        var place = text.startIndex
        while place < text.endIndex {
            if let found = Self.operators.first(where: { text[place...].hasPrefix($0) }) {
                return (text[..<place], found, text[place...].dropFirst(found.count))
            }
            place = text.index(after: place)
        }
        return nil
    }

    private static func list(_ text: Substring) -> [ScalarValue]? {
        guard let document = try? JSONDocument(parsing: Array(text.utf8)),
            document.kind(of: document.root) == .array
        else { return nil }
        var values: [ScalarValue] = []
        for element in document.elements(of: document.root) {
            guard let value = ScalarValue(element, of: document) else { return nil }
            values.append(value)
        }
        return values
    }

    private static func invalid(_ expression: String, _ reason: String) -> ClientError {
        ClientError(.invalidArgument, "\"\(expression)\" is not a condition: \(reason)")
    }
}
