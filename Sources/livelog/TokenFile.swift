import Glibc

/// The file in which a subscription keeps its resume token, so that the next run continues there.
struct TokenFile: Sendable {
    /// Where it is.
    let path: String

    /// Reads the token; nil if there is no file yet.
    ///
    /// - Throws: if the file cannot be read or holds something else.
    func read() throws -> String? {
        let file = open(self.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw SystemError(code: errno, subject: self.path)
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw SystemError(code: errno, subject: self.path) }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        let token = text.last == "\n" ? String(text.dropLast()) : text
        guard Self.isToken(token) else { throw TokenFileError(path: self.path) }
        return token
    }

    /// Replaces the token. Whoever reads the file sees the old one or the new one. Blocks.
    func write(_ token: String) throws {
        let temporary = "\(self.path).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw SystemError(code: errno, subject: temporary) }
        let bytes = Array("\(token)\n".utf8)
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

/// A token file that holds something else.
struct TokenFileError: Error, CustomStringConvertible {
    /// Where it is.
    let path: String

    var description: String { "\(self.path) holds no resume token" }
}
