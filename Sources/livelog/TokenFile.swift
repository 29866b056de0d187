import Glibc

/// The file in which a subscription keeps its resume token, so that the next run continues there.
///
/// The first line is the token. The second is the filter that it belongs to, as one JSON object: a token does not say
/// itself what was not wanted before it. A file without the second line is taken as it is.
struct TokenFile: Sendable {
    /// More than a request can hold.
    private static let mostBytes = 128 << 10

    /// Where it is.
    let path: String
    /// What the subscription asks for; see `Subscription.filter`.
    let filter: String

    /// Reads the token; nil if there is no file yet.
    ///
    /// - Throws: if the file cannot be read, holds something else, or belongs to another filter.
    func read() throws -> String? {
        let file = open(self.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw SystemError(code: errno, subject: self.path)
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.mostBytes)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw SystemError(code: errno, subject: self.path) }
        let lines = bytes[..<count].split(separator: UInt8(ascii: "\n"), maxSplits: 1)
            .map { String(decoding: $0, as: UTF8.self) }
        guard let token = lines.first, Self.isToken(token) else {
            throw TokenFileError.noToken(path: self.path)
        }
        if lines.count > 1 {
            let filter = lines[1].last == "\n" ? String(lines[1].dropLast()) : lines[1]
            guard filter.utf8.elementsEqual(self.filter.utf8) else {
                throw TokenFileError.otherFilter(path: self.path, kept: filter, asked: self.filter)
            }
        }
        return token
    }

    /// Replaces the token. Whoever reads the file sees the old one or the new one. Blocks.
    func write(_ token: String) throws {
        let temporary = "\(self.path).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw SystemError(code: errno, subject: temporary) }
        let bytes = Array("\(token)\n\(self.filter)\n".utf8)
        let count = Glibc.write(file, bytes, bytes.count)
        let failure = count < 0 ? errno : ENOSPC
        close(file)
        guard count == bytes.count else { throw SystemError(code: failure, subject: temporary) }
        guard rename(temporary, self.path) == 0 else {
            throw SystemError(code: errno, subject: self.path)
        }
    }

    /// Whether `text` has the form of a resume token: 28 characters of base64url.
    static func isToken(_ text: String) -> Bool {
        text.utf8.count == 28
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

/// A token file that cannot be used.
enum TokenFileError: Error, CustomStringConvertible {
    /// It holds something else.
    case noToken(path: String)
    /// Its token belongs to another filter.
    case otherFilter(path: String, kept: String, asked: String)

    var description: String {
        switch self {
        case .noToken(let path):
            "\(path) holds no resume token"
        case .otherFilter(let path, let kept, let asked):
            "the token in \(path) belongs to \(kept), not to \(asked): use another file, or remove it to "
                + "begin anew"
        }
    }
}
