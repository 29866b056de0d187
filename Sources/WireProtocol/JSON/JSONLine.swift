package import LogModel

/// One JSON object, member by member.
package struct JSONLine {
    /// The object without the brace that ends it.
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

    /// Creates an object without members.
    package init() {}

    /// The object as a line of its own.
    package var line: [UInt8] { self.bytes + [UInt8(ascii: "}"), UInt8(ascii: "\n")] }
    /// The object as text.
    package var text: String { String(decoding: self.bytes, as: UTF8.self) + "}" }

    /// Adds a member whose value is JSON text.
    package mutating func add(_ name: String, json: some Sequence<UInt8>) {
        self.begin(name)
        self.bytes.append(contentsOf: json)
    }

    /// Adds a string.
    package mutating func add(_ name: String, _ value: String) {
        self.begin(name)
        JSONText.append(string: value, to: &self.bytes)
    }

    /// Adds a string if there is one.
    package mutating func add(_ name: String, _ value: String?) {
        if let value { self.add(name, value) }
    }

    /// Adds a number if there is one.
    package mutating func add(_ name: String, _ value: (some BinaryInteger)?) {
        if let value { self.add(name, json: String(value).utf8) }
    }

    /// Adds an offset if there is one.
    package mutating func add(_ name: String, _ value: Offset?) {
        self.add(name, value?.rawValue)
    }

    /// Adds a truth value.
    package mutating func add(_ name: String, _ value: Bool) {
        self.add(name, json: (value ? "true" : "false").utf8)
    }

    /// Adds an array of objects.
    package mutating func add(_ name: String, _ values: [JSONLine]) {
        self.add(name, json: "[\(values.map(\.text).joined(separator: ","))]".utf8)
    }

    private mutating func begin(_ name: String) {
        if self.bytes.count > 1 { self.bytes.append(UInt8(ascii: ",")) }
        JSONText.append(string: name, to: &self.bytes)
        self.bytes.append(UInt8(ascii: ":"))
    }
}
