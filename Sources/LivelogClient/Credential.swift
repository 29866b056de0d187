import Glibc

/// What a client shows to the server so that it knows who it is: an API key, or a token of an identity provider.
///
/// It goes with each request and each handshake as `Authorization: Bearer`. Over plain HTTP everybody on the way can
/// read it.
public enum Credential: Hashable, Sendable {
    /// This key or token.
    case value(String)
    /// What the file at this path holds, read again for each request and each connection: so a token that is renewed
    /// there, before it ends, is shown when the connection has to be made again.
    case file(String)

    /// More than any key or token has.
    private static let byteCountMax = 16 << 10

    /// The key or token.
    ///
    /// - Throws: `invalid-argument` if the file cannot be read, or what it holds cannot be one.
    func text() throws(ClientError) -> String {
        switch self {
        case .value(let text): try Self.checked(text, "the credential")
        case .file(let path): try Self.checked(try Self.read(path), path)
        }
    }

    private static func read(_ path: String) throws(ClientError) -> String {
        func failure() -> ClientError {
            ClientError(
                .invalidArgument, "the credential in \(path): \(String(cString: strerror(errno)))")
        }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.byteCountMax + 2)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw failure() }
        // The line's end belongs to the file.
        let content = bytes[..<count].reversed().drop { $0 == 0x0A || $0 == 0x0D }.reversed()
        return String(decoding: Array(content), as: UTF8.self)
    }

    private static func checked(_ text: String, _ place: String) throws(ClientError) -> String {
        guard !text.isEmpty else { throw ClientError(.invalidArgument, "\(place) is empty") }
        guard text.utf8.count <= Self.byteCountMax, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else {
            throw ClientError(
                .invalidArgument,
                "\(place) holds no credential: an API key or a token is one line of at most "
                    + "\(Self.byteCountMax) ASCII characters without blanks")
        }
        return text
    }
}

extension ClientConfiguration {
    /// The header that shows the credential; nil without one.
    ///
    /// - Throws: `invalid-argument` if it cannot be read.
    func authorization() throws(ClientError) -> String? {
        guard let credential = self.credential else { return nil }
        return "Bearer \(try credential.text())"
    }
}
