package import Access
import FoundationEssentials
import LogModel
import WireProtocol

/// An API key as its file has it: of its secret only the digest.
///
///     {"id":"k3j2…","label":"shop","digest":"9f86…","actions":["publish"],"models":["todolist.Task"],"created":1795000000}
package struct APIKey: Hashable, Sendable {
    /// What every key begins with, so that people and scanners see what it is.
    package static let prefix = "llk_"

    /// What it is known by.
    package var id: String
    /// What it is for, for people.
    package var label: String
    /// SHA-256 of the secret, as hexadecimal digits.
    package var digest: String
    /// What it may do.
    package var grant: KeyGrant
    /// When it was made, in seconds since 1970.
    package var created: Int64
    /// When it was revoked, in seconds since 1970; nil while it is good.
    package var revoked: Int64?

    /// Makes a new key. Returns it and, this once, its text.
    package static func make(
        label: String, grant: KeyGrant, at now: Int64
    ) -> (key: APIKey, text: String) {
        let id = Self.random(byteCount: 6)
        let secret = Self.random(byteCount: 32)
        let key = APIKey(
            id: id, label: label, digest: SecretDigest.of(secret), grant: grant, created: now)
        return (key, "\(Self.prefix)\(id)_\(secret)")
    }

    private static func random(byteCount: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<byteCount).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &generator)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// The parts of a key's text; nil if it is none.
    static func parts(of text: String) -> (id: String, secret: String)? {
        guard text.hasPrefix(Self.prefix), text.utf8.count <= 256 else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(
            separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return (String(parts[0]), String(parts[1]))
    }

    /// The key's line in its file.
    package var json: String {
        var json: [UInt8] = []
        func add(_ name: String, _ value: String) {
            json.append(UInt8(ascii: json.isEmpty ? "{" : ","))
            JSONText.append(string: Array(name.utf8), to: &json)
            json.append(UInt8(ascii: ":"))
            json.append(contentsOf: value.utf8)
        }
        func quoted(_ text: String) -> String {
            var quoted: [UInt8] = []
            JSONText.append(string: Array(text.utf8), to: &quoted)
            return String(decoding: quoted, as: UTF8.self)
        }
        add("id", quoted(self.id))
        add("label", quoted(self.label))
        add("digest", quoted(self.digest))
        let actions = self.grant.actions.map(\.rawValue).sorted()
        add("actions", "[" + actions.map(quoted).joined(separator: ",") + "]")
        if let models = self.grant.models {
            let names = models.map(\.string).sorted()
            add("models", "[" + names.map(quoted).joined(separator: ",") + "]")
        }
        add("created", String(self.created))
        if let revoked { add("revoked", String(revoked)) }
        return String(decoding: json, as: UTF8.self) + "}"
    }

    /// Reads a line; nil if it is no key.
    init?(_ line: some StringProtocol) {
        guard let document = try? JSONDocument(parsing: Array(line.utf8)) else { return nil }
        func node(_ name: String) -> JSONDocument.Node? {
            document.member(name, of: document.root)
        }
        guard let id = node("id").flatMap(document.string),
            let label = node("label").flatMap(document.string),
            let digest = node("digest").flatMap(document.string), digest.utf8.count == 64,
            let created = node("created").flatMap(document.unsignedInteger),
            let actionsNode = node("actions")
        else { return nil }
        let actions = document.elements(of: actionsNode).compactMap {
            document.string($0).flatMap(KeyGrant.Action.init(rawValue:))
        }
        guard actions.count == document.elements(of: actionsNode).count else { return nil }
        var models: Set<Text>?
        if let node = node("models") {
            let names = document.elements(of: node).compactMap(document.string)
            guard document.kind(of: node) == .array,
                names.count == document.elements(of: node).count
            else { return nil }
            models = Set(names.map { Text($0) })
        }
        self.init(
            id: id, label: label, digest: digest,
            grant: KeyGrant(actions: Set(actions), models: models),
            created: Int64(clamping: created))
        if let node = node("revoked") {
            // Whatever stands there, somebody wanted it to be over.
            self.revoked = Int64(clamping: document.unsignedInteger(node) ?? 0)
        }
    }

    private init(id: String, label: String, digest: String, grant: KeyGrant, created: Int64) {
        self.id = id
        self.label = label
        self.digest = digest
        self.grant = grant
        self.created = created
    }
}
