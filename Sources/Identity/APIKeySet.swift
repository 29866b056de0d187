import Access

/// The API keys of a file: one JSON object a line.
package struct APIKeySet: Sendable {
    /// In the order of the file.
    package private(set) var keys: [APIKey] = []

    /// Creates an empty set.
    package init() {}

    /// Reads the text of a file. Throws which line is no key.
    package init(_ text: String) throws(IdentityError) {
        var ids: Set<String> = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated() where !line.isEmpty
        {
            guard let key = APIKey(line) else {
                throw IdentityError(
                    "line \(number + 1) is no API key: make keys by `livelog keys make`")
            }
            guard ids.insert(key.id).inserted else {
                throw IdentityError("line \(number + 1): there is a key \(key.id) already")
            }
            self.keys.append(key)
        }
    }

    /// The text of a file with these keys.
    package var text: String { self.keys.map { $0.json + "\n" }.joined() }

    /// Adds a key.
    package mutating func add(_ key: APIKey) { self.keys.append(key) }

    /// Revokes the key `id`. Returns whether there is one that was good.
    package mutating func revoke(_ id: String, at now: Int64) -> Bool {
        guard let index = self.keys.firstIndex(where: { $0.id == id && $0.revoked == nil }) else {
            return false
        }
        self.keys[index].revoked = now
        return true
    }

    /// Who has the key with this text.
    func principal(of text: String) throws(AuthenticationError) -> Principal {
        guard let (id, secret) = APIKey.parts(of: text) else {
            throw .init(
                .malformed, "this is no API key: one is \(APIKey.prefix), an id, _ and a secret")
        }
        let key = self.keys.first { $0.id == id }
        // As much is done for an id that nobody has.
        let isSame = SecretDigest.isSame(
            SecretDigest.of(secret), key?.digest ?? String(repeating: "0", count: 64))
        guard let key, isSame else { throw .init(.notTrusted, "there is no such API key") }
        guard key.revoked == nil else {
            throw .init(.revoked, "the API key \(key.id) was revoked: ask for another one")
        }
        return Principal(origin: .apiKey, subject: key.id, grant: key.grant)
    }
}
