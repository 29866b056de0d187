/// What a client of the dialect `livelog.producer.v1` sends.
///
///     {"producer":"NAME"}
///     {"batch":17,"changes":[…]}
///
/// The members are in this order, and nothing but JSON whitespace stands between them: so a batch's number is
/// known whatever its changes are, and they are read where they lie, once. Only the few bytes before the
/// changes are looked at here; what is wrong in the changes, or behind them, is ``ChangeReader``'s to refuse.
///
/// The document is docs/protocol/producer-v1.md.
package enum Producer1Message: Hashable, Sendable {
    /// Who sends the batches that follow: with a name no batch is appended twice.
    case producer(name: String)
    /// One atomic batch. `changes` are the bytes of the message that hold the JSON array.
    case batch(number: UInt64, changes: Range<Int>)
    /// A batch whose changes cannot be found: it is refused, and those after it go on.
    case unreadable(number: UInt64, Producer1Refusal)

    /// Characters of a producer's name, at most; all visible ASCII.
    package static let nameCountMax = 128

    /// Reads a message. What throws cannot be answered by number, because none was found.
    package init(_ message: [UInt8]) throws(Producer1Error) {
        var head = MessageHead(message)
        if head.opens(with: "batch") {
            guard let number = head.unsignedInteger() else {
                throw Producer1Error(
                    code: "invalid-batch",
                    message: "\"batch\" is the batch's number, an integer from 0 to 2^64 - 1")
            }
            guard head.continues(with: "changes") else {
                self = .unreadable(
                    number: number,
                    Producer1Refusal(
                        code: "missing-changes",
                        message: "\"changes\", an array of changes, follows \"batch\""))
                return
            }
            switch head.rest() {
            case .array(let changes): self = .batch(number: number, changes: changes)
            case .other:
                self = .unreadable(
                    number: number,
                    Producer1Refusal(
                        code: "invalid-changes", message: "\"changes\" is an array of changes"))
            case .open:
                self = .unreadable(
                    number: number,
                    Producer1Refusal(
                        code: JSONError.Code.malformed.rawValue, message: "the object is not closed"
                    ))
            }
        } else if head.opens(with: "producer") {
            self = .producer(name: try Self.name(in: message))
        } else {
            throw Producer1Error(
                code: "unknown-message",
                message:
                    "a message is {\"producer\":NAME} or {\"batch\":NUMBER,\"changes\":[…]}, with the "
                    + "members in this order")
        }
    }

    private static func name(in message: [UInt8]) throws(Producer1Error) -> String {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: message)
        } catch {
            throw Producer1Error(
                code: error.code.rawValue, message: "byte \(error.position): \(error.message)")
        }
        guard document.members(of: document.root).count == 1,
            let name = document.member("producer", of: document.root).flatMap(document.string),
            (1...self.nameCountMax).contains(name.utf8.count),
            name.utf8.allSatisfy({ (33...126).contains($0) })
        else {
            throw Producer1Error(
                code: "invalid-producer",
                message:
                    "\"producer\" stands alone and has 1 to \(self.nameCountMax) visible ASCII characters"
            )
        }
        return name
    }
}

/// Why a producer's connection cannot go on: the client does not speak the dialect.
package struct Producer1Error: Error, Hashable, Sendable {
    /// What is wrong: stable, for programs.
    package let code: String
    /// What is wrong and what is right, for people.
    package let message: String

    /// Creates an error.
    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

/// Reads the first members of an object without reading the rest of it.
private struct MessageHead {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether the object's first member is `name`; then what follows is its value.
    mutating func opens(with name: StaticString) -> Bool {
        self.takesName(name, after: UInt8(ascii: "{"))
    }

    /// Whether the next member is `name`; then what follows is its value.
    mutating func continues(with name: StaticString) -> Bool {
        self.takesName(name, after: UInt8(ascii: ","))
    }

    /// A number without sign, fraction and exponent.
    mutating func unsignedInteger() -> UInt64? {
        self.skipSpaces()
        let start = self.position
        var value: UInt64 = 0
        while self.position < self.bytes.count,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self.bytes[self.position])
        {
            let digit = UInt64(self.bytes[self.position] - UInt8(ascii: "0"))
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, hasCarry) = tens.addingReportingOverflow(digit)
            guard !isTooLarge, !hasCarry else { return nil }
            value = sum
            self.position += 1
        }
        let count = self.position - start
        // JSON has no leading zeros.
        guard count > 0, count == 1 || self.bytes[start] != UInt8(ascii: "0") else { return nil }
        return value
    }

    /// What stands where the changes are expected.
    enum Rest {
        /// The bytes from a bracket up to the brace that ends the object.
        case array(Range<Int>)
        /// Some other value.
        case other
        /// No brace ends the object.
        case open
    }

    /// What follows, up to the end of the message.
    mutating func rest() -> Rest {
        self.skipSpaces()
        var end = self.bytes.count
        while end > self.position, Self.isSpace(self.bytes[end - 1]) { end -= 1 }
        guard end > self.position, self.bytes[end - 1] == UInt8(ascii: "}") else { return .open }
        guard self.bytes[self.position] == UInt8(ascii: "[") else { return .other }
        return .array(self.position..<end - 1)
    }

    /// Takes `mark`, `name` in quotes and a colon; takes nothing if something else stands there.
    private mutating func takesName(_ name: StaticString, after mark: UInt8) -> Bool {
        let start = self.position
        let isThere =
            self.takes(mark) && self.takes(UInt8(ascii: "\"")) && self.takesBytes(of: name)
            && self.takes(UInt8(ascii: ":"))
        if !isThere { self.position = start }
        return isThere
    }

    private mutating func takes(_ byte: UInt8) -> Bool {
        self.skipSpaces()
        guard self.position < self.bytes.count, self.bytes[self.position] == byte else {
            return false
        }
        self.position += 1
        return true
    }

    /// Takes a name and the quote that ends it.
    private mutating func takesBytes(of name: StaticString) -> Bool {
        let wanted = name.withUTF8Buffer { Array($0) } + [UInt8(ascii: "\"")]
        guard self.bytes[self.position...].starts(with: wanted) else { return false }
        self.position += wanted.count
        return true
    }

    private mutating func skipSpaces() {
        while self.position < self.bytes.count, Self.isSpace(self.bytes[self.position]) {
            self.position += 1
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
