import LogModel
import WireProtocol

/// A value of a journal's line.
struct JournalValue {
    let document: JSONDocument
    let node: JSONDocument.Node

    /// A string's content; nil for other values.
    var text: Text? { self.document.stringBytes(self.node).map { Text(bytes: $0) } }
    /// A string, a number, true, false or null; nil for other values.
    var scalar: Scalar? { self.document.scalar(self.node) }

    /// The elements of an array.
    func elements() throws(JournalError) -> [JournalValue] {
        guard self.document.kind(of: self.node) == .array else {
            throw JournalError("a list is wanted where another value is")
        }
        return self.document.elements(of: self.node).map {
            JournalValue(document: self.document, node: $0)
        }
    }

    /// The elements of an array of scalars.
    func scalars() throws(JournalError) -> [Scalar] {
        var scalars: [Scalar] = []
        for element in try self.elements() {
            guard let scalar = element.scalar else {
                throw JournalError("a list of scalars has something else in it")
            }
            scalars.append(scalar)
        }
        return scalars
    }
}

/// An object of a journal's line, whose members are what they have to be or an error.
struct JournalObject {
    let document: JSONDocument
    let node: JSONDocument.Node

    init(_ document: JSONDocument, _ node: JSONDocument.Node) throws(JournalError) {
        guard document.kind(of: node) == .object else {
            throw JournalError("an object is wanted where another value is")
        }
        self.document = document
        self.node = node
    }

    /// All members.
    var members: [(name: String, value: JournalValue)] {
        self.document.members(of: self.node).map {
            ($0.key.string, JournalValue(document: self.document, node: $0.value))
        }
    }

    /// Whether there is a member `name`.
    func has(_ name: String) -> Bool { self.document.member(name, of: self.node) != nil }

    private func member(_ name: String) throws(JournalError) -> JSONDocument.Node {
        guard let node = self.document.member(name, of: self.node) else {
            throw JournalError("\"\(name)\" is missing")
        }
        return node
    }

    private static func wanted(_ name: String, _ what: String) -> JournalError {
        JournalError("\"\(name)\" is not \(what)")
    }

    func object(_ name: String) throws(JournalError) -> JournalObject {
        try JournalObject(self.document, self.member(name))
    }

    func text(_ name: String) throws(JournalError) -> String {
        guard let text = self.document.string(try self.member(name)) else {
            throw Self.wanted(name, "a string")
        }
        return text
    }

    /// The text of a member; empty if there is none.
    func textOrNothing(_ name: String) -> String { (try? self.text(name)) ?? "" }

    func number(_ name: String) throws(JournalError) -> UInt64 {
        guard let number = self.document.unsignedInteger(try self.member(name)) else {
            throw Self.wanted(name, "a whole number from 0")
        }
        return number
    }

    func count(_ name: String) throws(JournalError) -> Int {
        guard let count = Int(exactly: try self.number(name)) else {
            throw Self.wanted(name, "a whole number up to \(Int.max)")
        }
        return count
    }

    func offset(_ name: String) throws(JournalError) -> Offset {
        Offset(try self.number(name))
    }

    func offsetIfAny(_ name: String) throws(JournalError) -> Offset? {
        self.has(name) ? try self.offset(name) : nil
    }

    /// A truth value; false if there is none.
    func flag(_ name: String) throws(JournalError) -> Bool {
        guard self.has(name) else { return false }
        guard let flag = self.document.boolean(try self.member(name)) else {
            throw Self.wanted(name, "true or false")
        }
        return flag
    }

    /// The JSON text of a member.
    func json(_ name: String) throws(JournalError) -> [UInt8] {
        Array(self.document.rawText(of: try self.member(name)))
    }

    func values(_ name: String) throws(JournalError) -> [JournalValue] {
        try JournalValue(document: self.document, node: self.member(name)).elements()
    }

    func objects(_ name: String) throws(JournalError) -> [JournalObject] {
        var objects: [JournalObject] = []
        for value in try self.values(name) {
            objects.append(try JournalObject(self.document, value.node))
        }
        return objects
    }

    func texts(_ name: String) throws(JournalError) -> [String] {
        var texts: [String] = []
        for value in try self.values(name) {
            guard let text = value.text else { throw Self.wanted(name, "a list of strings") }
            texts.append(text.string)
        }
        return texts
    }

    func numbers(_ name: String) throws(JournalError) -> [UInt64] {
        var numbers: [UInt64] = []
        for value in try self.values(name) {
            guard let number = self.document.unsignedInteger(value.node) else {
                throw Self.wanted(name, "a list of whole numbers")
            }
            numbers.append(number)
        }
        return numbers
    }
}
