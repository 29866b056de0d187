/// The names of the files in a log's directory in which a server writes down what sessions did. No part of the log.
package enum SessionJournalName {
    private static let prefix = "sessions-"
    private static let suffix = ".ndjson"
    private static let digitCount = 8

    /// The name of the file with this number, counted from 1.
    package static func name(of number: UInt64) -> String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, Self.digitCount - digits.count))
        return Self.prefix + zeros + digits + Self.suffix
    }

    /// The number of the file with this name; nil if that is no journal's.
    package static func number(inName name: String) -> UInt64? {
        guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { return nil }
        let digits = name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)
        guard digits.count >= Self.digitCount, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            return nil
        }
        return UInt64(digits)
    }
}
