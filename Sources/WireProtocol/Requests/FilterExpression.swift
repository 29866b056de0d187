package import LogModel

/// One condition as it is written in a URL or on a command line: `list_id=42`, `state!="done"`, `total>=10`,
/// `name^=ab`, `list_id in [1,2]`.
///
/// The operator is the first in the text, and the property all before it, without spaces around it. A property
/// that has an operator in its name, or begins with a quote, is written as a JSON string. The value is JSON if it
/// reads as a JSON scalar, and else a plain string, without spaces around it; that of `^=` is a number only in
/// the eyes of JSON, so it is plain unless quoted. A plain string cannot begin with `=`, `<` or `>`, so that
/// `==`, `=>` and `<>` are errors and not values.
package struct FilterExpression: Hashable, Sendable {
    /// What the text says.
    package let condition: Condition
    /// How the operator is written.
    let operatorText: String

    /// Reads the text of one condition.
    package init(
        _ text: String, limits: RequestLimits = .default
    ) throws(RequestError) {
        let bytes = Array(text.utf8)
        let (property, place) = try Self.property(bytes)
        let name = try Self.operator(bytes, at: place)
        let value = Self.trimmed(bytes[(place + name.utf8.count)...])
        let test = try Self.test(name, value)
        var builder = FilterBuilder(limits: limits)
        try builder.add(property, test, by: name)
        self.condition = Condition(property: property, test: test)
        self.operatorText = name
    }

    /// The texts whose conditions together are `condition`: one, or one for each value that it must not be.
    package static func texts(of condition: Condition) -> [String] {
        let property = Self.text(ofProperty: condition.property)
        func json(_ scalar: Scalar) -> String {
            var json: [UInt8] = []
            JSONText.append(scalar: scalar, to: &json)
            return String(decoding: json, as: UTF8.self)
        }
        switch condition.test {
        case .isIn(let values):
            if let value = values.first, values.count == 1 { return ["\(property)=\(json(value))"] }
            return ["\(property) in [\(values.map(json).joined(separator: ","))]"]
        case .isNot(let values):
            return values.map { "\(property)!=\(json($0))" }
        case .order(let order, let value):
            return ["\(property)\(order.rawValue)\(json(value))"]
        case .hasPrefix(let text):
            return ["\(property)^=\(json(Scalar(kind: .string, text: text)))"]
        }
    }
}

// MARK: - The parts of the text

extension FilterExpression {
    /// The longer before those that they begin with.
    private static let operators = ["!=", "<=", ">=", "^=", "=", "<", ">", "in"]

    /// The property, and where the operator is.
    private static func property(_ bytes: [UInt8]) throws(RequestError) -> (Text, Int) {
        var place = bytes.firstIndex { !Self.isSpace($0) } ?? bytes.endIndex
        if place < bytes.endIndex, bytes[place] == UInt8(ascii: "\"") {
            guard let end = Self.endOfString(bytes, from: place),
                let document = try? JSONDocument(parsing: Array(bytes[place..<end])),
                let name = document.stringBytes(document.root)
            else {
                throw .invalidFilter(
                    "\(Self.excerpt(bytes)) begins with a quote, but not with a JSON string")
            }
            let rest = bytes[end...].firstIndex { !Self.isSpace($0) } ?? bytes.endIndex
            guard Self.isOperator(bytes, at: rest, isAfterSpace: true) else {
                throw Self.noOperator(bytes)
            }
            return (Text(bytes: name), rest)
        }
        let start = place
        while place < bytes.endIndex {
            let isAfterSpace = place > start && Self.isSpace(bytes[place - 1])
            if Self.isOperator(bytes, at: place, isAfterSpace: isAfterSpace) {
                let name = Self.trimmed(bytes[start..<place])
                guard !name.isEmpty else {
                    throw .invalidFilter("\(Self.excerpt(bytes)) has no property")
                }
                return (Text(bytes: name), place)
            }
            place += 1
        }
        throw Self.noOperator(bytes)
    }

    private static func `operator`(
        _ bytes: [UInt8], at place: Int
    ) throws(RequestError) -> String {
        for name in self.operators where bytes[place...].starts(with: name.utf8) { return name }
        throw self.noOperator(bytes)
    }

    private static func isOperator(
        _ bytes: [UInt8], at place: Int, isAfterSpace: Bool
    ) -> Bool {
        let rest = bytes[place...]
        if rest.starts(with: "in".utf8) {
            return isAfterSpace
                && rest.dropFirst(2).first { !self.isSpace($0) } == UInt8(ascii: "[")
        }
        return self.operators.dropLast().contains { rest.starts(with: $0.utf8) }
    }

    private static func noOperator(_ bytes: [UInt8]) -> RequestError {
        .invalidFilter(
            "\(self.excerpt(bytes)) has no operator; there are =, !=, <, <=, >, >=, ^= (prefix) "
                + "and in […]")
    }

    private static func test(
        _ name: String, _ value: [UInt8]
    ) throws(RequestError) -> Condition.Test {
        switch name {
        case "in":
            guard let document = try? JSONDocument(parsing: value),
                let values = FilterBuilder.scalars(document.root, of: document)
            else {
                throw .invalidFilter(
                    "in takes a JSON list of strings, numbers, true, false and null, not "
                        + self.excerpt(value))
            }
            return .isIn(values)
        case "^=":
            let scalar = try self.scalar(value)
            return .hasPrefix(scalar.kind == .string ? scalar.text : Text(bytes: value))
        case "=": return .isIn([try self.scalar(value)])
        case "!=": return .isNot([try self.scalar(value)])
        default:
            guard let order = Condition.Order(rawValue: name) else {
                preconditionFailure("\(name) is read as an operator and is none")
            }
            return .order(order, try self.scalar(value))
        }
    }

    private static func scalar(_ value: [UInt8]) throws(RequestError) -> Scalar {
        if let first = value.first, "=<>".utf8.contains(first) {
            throw .invalidFilter(
                "\(self.excerpt(value)) begins like an operator; a string that does is put in "
                    + "double quotes")
        }
        do throws(JSONError) {
            let document = try JSONDocument(parsing: value)
            if let scalar = document.scalar(document.root) { return scalar }
        } catch {
            // A number that is too long or too large is not meant to be text.
            if error.code == .numberTooLong || error.code == .numberOutOfRange {
                throw .invalidFilter("\(self.excerpt(value)): \(error.message)")
            }
        }
        return Scalar(kind: .string, text: Text(bytes: value))
    }

    /// The end of the JSON string that begins at `start`.
    private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int? {
        var place = start + 1
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""): return place + 1
            case UInt8(ascii: "\\"): place += 2
            default: place += 1
            }
        }
        return nil
    }

    private static func text(ofProperty property: Text) -> String {
        let isPlain = property.bytes.allSatisfy {
            $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 >= 0x80
                || ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z"))
                || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
        }
        if isPlain { return property.string }
        var json: [UInt8] = []
        JSONText.append(string: property.bytes, to: &json)
        return String(decoding: json, as: UTF8.self)
    }

    private static func excerpt(_ bytes: [UInt8]) -> String {
        RequestError.excerpt(String(decoding: bytes, as: UTF8.self))
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard let first = bytes.firstIndex(where: { !self.isSpace($0) }),
            let last = bytes.lastIndex(where: { !self.isSpace($0) })
        else { return [] }
        return Array(bytes[first...last])
    }
}
