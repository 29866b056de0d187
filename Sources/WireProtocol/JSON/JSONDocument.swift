import CJSON
package import LogModel

/// A JSON document (RFC 8259) that was read and found to be right, down to the last value.
///
/// The one parser of all small messages: bodies of HTTP requests, WebSocket messages, answers that the
/// client gets. (Changes, which come by the thousand, are read by ``ChangeReader`` over the same
/// scanner.) Refused are, with the byte where it was noticed: whatever RFC 8259 does not allow, invalid
/// UTF-8, half surrogate pairs, two equal keys in one object, numbers that a double cannot hold, and
/// what is beyond the limits.
///
/// A ``Node`` is an index into a flat array of tokens: asking it costs nothing, and it is meaningless
/// with another document.
package struct JSONDocument: Sendable {
    private let source: [UInt8]
    private let count: Int
    private let tokens: [livelog_json_token]

    /// A value of the document.
    package struct Node: Sendable, Hashable {
        let index: Int
    }

    /// What a value is.
    package enum Kind: Sendable, Hashable, CaseIterable {
        case null, boolean, number, string, array, object
    }

    /// A member of an object.
    package struct Member: Sendable, Hashable {
        /// The key, without escapes.
        package let key: Text
        /// The value.
        package let value: Node
    }

    /// Reads a document, with whitespace around it. Copies the bytes.
    package init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        var source: [UInt8] = []
        source.reserveCapacity(bytes.count + JSONScanner.padding)
        source.append(contentsOf: bytes)
        source.append(contentsOf: repeatElement(0, count: JSONScanner.padding))
        var scanner = JSONScanner()
        var tokens: [livelog_json_token] = []
        var failure: JSONError?
        let span = source.span
        scanner.withTokens(of: span, in: 0..<bytes.count, asLines: false, limits: limits) {
            (found, error) in
            failure = error
            tokens.reserveCapacity(found.count)
            for index in found.indices { tokens.append(found[index]) }
        }
        if let failure { throw failure }
        self.source = source
        self.count = bytes.count
        self.tokens = tokens
    }

    /// The document's bytes.
    package var bytes: ArraySlice<UInt8> { self.source[..<self.count] }

    /// The outermost value.
    package var root: Node { Node(index: 0) }

    /// What `node` is.
    package func kind(of node: Node) -> Kind {
        switch self.tokens[node.index].kind {
        case livelog_json_token.null: .null
        case livelog_json_token.boolean: .boolean
        case livelog_json_token.number: .number
        case livelog_json_token.string: .string
        case livelog_json_token.array: .array
        default: .object
        }
    }

    /// Where the value's JSON text is in ``bytes``, just as it came.
    package func rawRange(of node: Node) -> Range<Int> { self.tokens[node.index].raw }

    /// The value's JSON text, just as it came.
    package func rawText(of node: Node) -> ArraySlice<UInt8> {
        self.source[self.rawRange(of: node)]
    }

    /// The content of a string, without escapes; nil for other values.
    package func string(_ node: Node) -> String? {
        self.stringBytes(node).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The UTF-8 content of a string, without escapes; nil for other values.
    package func stringBytes(_ node: Node) -> [UInt8]? {
        let token = self.tokens[node.index]
        return token.kind == livelog_json_token.string ? self.content(of: token) : nil
    }

    /// The value of `true` or `false`; nil for other values.
    package func boolean(_ node: Node) -> Bool? {
        let token = self.tokens[node.index]
        guard token.kind == livelog_json_token.boolean else { return nil }
        return token.length == 4
    }

    /// The value of a number that is written as an integer from 0 to 2^64 - 1; nil for other values.
    package func unsignedInteger(_ node: Node) -> UInt64? {
        let token = self.tokens[node.index]
        guard token.kind == livelog_json_token.number else { return nil }
        var value: UInt64 = 0
        for byte in self.source[token.content] {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, hasCarry) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !isTooLarge, !hasCarry else { return nil }
            value = sum
        }
        return value
    }

    /// The value as a key's or group's value: a string's content, another scalar's JSON text as it
    /// came; nil for arrays and objects.
    package func scalar(_ node: Node) -> Scalar? {
        let token = self.tokens[node.index]
        switch token.kind {
        case livelog_json_token.null:
            return .null
        case livelog_json_token.string:
            return Scalar(kind: .string, text: Text(bytes: self.content(of: token)))
        case livelog_json_token.number:
            return Scalar(kind: .number, text: Text(bytes: self.content(of: token)))
        case livelog_json_token.boolean:
            return Scalar(kind: .boolean, text: Text(bytes: self.content(of: token)))
        default:
            return nil
        }
    }

    /// The value of an object's member, or nil if there is none or `node` is no object.
    /// Takes time in proportion to the number of members.
    package func member(_ name: String, of node: Node) -> Node? {
        let wanted = Array(name.utf8)
        for index in self.keys(of: node) {
            let key = self.tokens[index]
            let isSame =
                key.escaped == 0
                ? self.source[key.content].elementsEqual(wanted) : self.content(of: key) == wanted
            if isSame { return Node(index: index + 1) }
        }
        return nil
    }

    /// The members of an object in their order; none if `node` is no object.
    package func members(of node: Node) -> [Member] {
        self.keys(of: node).map { index in
            Member(
                key: Text(bytes: self.content(of: self.tokens[index])),
                value: Node(index: index + 1))
        }
    }

    /// The elements of an array in their order; none if `node` is no array.
    package func elements(of node: Node) -> [Node] {
        let token = self.tokens[node.index]
        guard token.kind == livelog_json_token.array else { return [] }
        var elements: [Node] = []
        var index = node.index + 1
        while index < Int(token.next) {
            elements.append(Node(index: index))
            index = Int(self.tokens[index].next)
        }
        return elements
    }

    /// The indices of an object's key tokens.
    private func keys(of node: Node) -> some Sequence<Int> {
        let object = self.tokens[node.index]
        let end = object.kind == livelog_json_token.object ? Int(object.next) : 0
        return sequence(state: node.index + 1) { index in
            guard index < end else { return nil }
            defer { index = Int(self.tokens[index + 1].next) }
            return index
        }
    }

    /// The text of a scalar or key, without quotes and escapes.
    private func content(of token: livelog_json_token) -> [UInt8] {
        let raw = self.source[token.content]
        return token.escaped == 0 ? Array(raw) : JSONText.unescaped(raw)
    }
}
