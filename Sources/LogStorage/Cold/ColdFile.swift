package import LogModel

/// The names of cold segments' files.
package enum ColdFile {
    private static let suffix = ".cold"
    private static let temporarySuffix = ".cold.tmp"
    private static let digitCount = 20

    /// The name of the cold segment that begins at `base`: 20 digits, as for the segment itself.
    package static func name(base: Offset) -> String { self.stem(base) + self.suffix }

    /// The name that the file has until it is whole and durable.
    package static func temporaryName(base: Offset) -> String {
        self.stem(base) + self.temporarySuffix
    }

    /// The base offset in a name, or nil if it is not a cold segment's.
    package static func base(inName name: String) -> Offset? {
        guard name.hasSuffix(self.suffix),
            name.utf8.count == self.digitCount + self.suffix.utf8.count,
            name.utf8.prefix(self.digitCount).allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return UInt64(name.dropLast(self.suffix.count)).map { Offset($0) }
    }

    /// Whether the name is that of a cold segment whose making was interrupted.
    package static func isTemporary(_ name: String) -> Bool {
        name.hasSuffix(self.temporarySuffix)
    }

    private static func stem(_ base: Offset) -> String {
        let digits = String(base.rawValue)
        return String(repeating: "0", count: self.digitCount - digits.count) + digits
    }
}

/// Takes the bytes of a file that is being made, and the byte at which they belong. Calls are not in the
/// order of positions.
package typealias ByteSink = (_ bytes: RawSpan, _ position: Int) throws(StorageError) -> Void

/// Bytes that any thread may read for as long as it keeps the object.
package protocol SharedBytes: AnyObject, Sendable {
    /// All bytes. Neither their place nor their number ever changes.
    var base: UnsafeRawBufferPointer { get }
}

extension Mapping: SharedBytes {}
