import Access
import Identity

/// Tokens, key sets, an application's answers, cookies and the file of keys: what is read is within its limits, and what
/// is refused is told in few words.
enum IdentityTarget {
    /// The first byte of `input` chooses what the rest is.
    static func run(_ input: [UInt8]) -> Int {
        guard let choice = input.first else { return 0 }
        let bytes = Array(input[1...])
        return switch choice % 7 {
        case 0: Self.token(String(decoding: bytes, as: UTF8.self))
        case 1: Self.unwrapped(bytes)
        case 2: Self.keySet(bytes)
        case 3: Self.answer(bytes)
        case 4: Self.cookies(String(decoding: bytes, as: UTF8.self))
        case 5: Self.key(bytes)
        default: Self.base64(bytes)
        }
    }

    private static func token(_ text: String) -> Int {
        switch IdentityReading.token(text) {
        case .success(let size):
            require(size < 4 * (8 << 10) + IdentityReading.claimsMax, "a large token")
            return size
        case .failure(let error):
            require(!error.message.isEmpty && error.message.utf8.count < 500, error.message)
            return 1
        }
    }

    /// Header and claims, a line each, as a token with a signature of nothing.
    private static func unwrapped(_ bytes: [UInt8]) -> Int {
        let parts = bytes.split(
            separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return 0 }
        return Self.token("\(Base64URL.text(Array(parts[0]))).\(Base64URL.text(Array(parts[1]))).")
    }

    private static func keySet(_ bytes: [UInt8]) -> Int {
        switch IdentityReading.keySet(bytes) {
        case .success(let count):
            require(count <= IdentityReading.keysMax, "too many keys")
            return count
        case .failure(let error):
            require(!error.message.isEmpty && error.message.utf8.count < 500, error.message)
            return 1
        }
    }

    private static func answer(_ bytes: [UInt8]) -> Int {
        guard let principal = IdentityReading.answer(bytes, now: 1_000_000) else { return 0 }
        require(principal.subject.utf8.count <= 256, "a long subject")
        require(principal.expiry.map { $0 > 1_000_000 } ?? true, "it is over already")
        require(principal.claims.count <= IdentityReading.claimsMax, "too many claims")
        return principal.claims.count + principal.scopes.count
    }

    private static func cookies(_ header: String) -> Int {
        let names: Set<String> = ["a", "sessionid"]
        guard let values = IdentityReading.cookies(of: names, in: header) else { return 0 }
        require(names.isSuperset(of: values.keys), "a cookie that nobody asked for")
        require(values.values.allSatisfy { !$0.contains(";") }, "two cookies as one")
        return values.count
    }

    private static func key(_ bytes: [UInt8]) -> Int {
        guard let (key, line) = IdentityReading.key(line: bytes) else { return 0 }
        require(IdentityReading.key(line: line)?.key == key, "it is written as another key")
        require(!line.contains(UInt8(ascii: "\n")), "a key of two lines")
        return line.count
    }

    private static func base64(_ bytes: [UInt8]) -> Int {
        require(Base64URL.bytes(Base64URL.text(bytes).utf8) == bytes, "other bytes")
        if let read = Base64URL.bytes(bytes) {
            require(Array(Base64URL.text(read).utf8) == bytes, "two texts of the same bytes")
        }
        return bytes.count
    }
}
