import WireProtocol

extension Subscription.Condition {
    /// The operators, longest first where one begins with another.
    private static let operators = ["!=", "^=", "<=", ">=", "=", "<", ">"]

    /// Reads a condition that somebody typed: `list_id=42`, `state!="done"`, `total<10`, `total>=10`,
    /// `name^=ab` for a prefix, `list_id in [1,2]`.
    ///
    /// The property is all before the first operator; one that has an operator in its name is written as a
    /// JSON string. A value is JSON if it is a JSON scalar (`42`, `true`, `null`, `"42"`), or else the text
    /// itself, which then cannot begin with `=`, `<` or `>`. Spaces around either do not matter.
    ///
    /// - Throws: `invalid-argument` if it is none of these.
    public init(expression: String) throws(ClientError) {
        guard let (property, found, rest) = Self.split(expression), !property.isEmpty else {
            throw Self.invalid(
                expression, "it is PROPERTY=VALUE, or has != < <= > >= ^= or \" in [A,B]\" instead")
        }
        let text = rest.trimmed
        if found != "in", let first = text.first, "=<>".contains(first) {
            throw Self.invalid(expression, "a text that begins like an operator is put in quotes")
        }
        let value = ScalarValue(typed: String(text))
        let test: Test
        switch found {
        case "=": test = .isIn([value])
        case "!=": test = .isNot([value])
        case "^=":
            // A prefix is text: digits are a prefix, and not a number.
            if case .string(let prefix) = value {
                test = .hasPrefix(prefix)
            } else {
                test = .hasPrefix(String(text))
            }
        case "in":
            guard let values = Self.list(text) else {
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
    ) -> (property: String, operator: String, rest: Substring)? {
        let text = Substring(text).trimmed
        let quoted = self.quotedEnd(text)
        if quoted == nil, text.first == "\"" { return nil }
        var place = quoted ?? text.startIndex
        while place < text.endIndex {
            if let found = self.operator(text[place...], after: text[..<place]) {
                let name = text[..<place].trimmed
                let property = quoted == nil ? String(name) : self.unquoted(name)
                guard let property else { return nil }
                return (property, found, text[place...].dropFirst(found.count))
            }
            place = text.index(after: place)
        }
        return nil
    }

    /// The operator that `rest` begins with. `in` is one only between a space and a list.
    private static func `operator`(_ rest: Substring, after name: Substring) -> String? {
        if rest.hasPrefix("in"), name.last == " " || name.last == "\"",
            rest.dropFirst(2).trimmed.first == "["
        {
            return "in"
        }
        return self.operators.first { rest.hasPrefix($0) }
    }

    /// The end of the JSON string that `text` begins with.
    private static func quotedEnd(_ text: Substring) -> Substring.Index? {
        guard text.first == "\"" else { return nil }
        var isEscaped = false
        for place in text.indices.dropFirst() {
            if isEscaped {
                isEscaped = false
            } else if text[place] == "\\" {
                isEscaped = true
            } else if text[place] == "\"" {
                return text.index(after: place)
            }
        }
        return nil
    }

    private static func unquoted(_ name: Substring) -> String? {
        let document = try? JSONDocument(parsing: Array(name.utf8))
        return document.flatMap { $0.string($0.root) }
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

extension Substring {
    /// Without the spaces around it.
    fileprivate var trimmed: Substring {
        var rest = self.drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
