import Access
import LogModel
import WireProtocol

extension APIKey {
    /// The key as a line of the file, without the line's end.
    var line: [UInt8] {
        var json = Array("{\"id\":".utf8)
        func add(_ text: String) { json.append(contentsOf: text.utf8) }
        func add(list: [String]) {
            add("[")
            for (index, text) in list.sorted().enumerated() {
                if index > 0 { add(",") }
                JSONText.append(string: text, to: &json)
            }
            add("]")
        }
        JSONText.append(string: self.id, to: &json)
        add(",\"label\":")
        JSONText.append(string: self.label, to: &json)
        add(",\"digest\":\"\(Digests.hex(self.digest))\",\"actions\":")
        add(list: self.grant.actions.map(\.rawValue))
        add(",\"models\":")
        if let models = self.grant.models {
            add(list: models.map(\.string))
        } else {
            add("null")
        }
        add(",\"created\":\(self.created)")
        if let revoked { add(",\"revoked\":\(revoked)") }
        add("}")
        return json
    }

    /// Reads a line of the file; nil if it is not one.
    init?(line: [UInt8]) {
        guard let document = try? JSONDocument(parsing: line, limits: Self.lineLimits) else {
            return nil
        }
        func node(_ name: String) -> JSONDocument.Node? {
            document.member(name, of: document.root)
        }
        func seconds(_ name: String) -> Int64? {
            node(name).flatMap(document.unsignedInteger).flatMap(Int64.init(exactly:))
        }
        func strings(_ name: String) -> [String]? {
            guard let list = node(name), document.kind(of: list) == .array else { return nil }
            let nodes = document.elements(of: list)
            let strings = nodes.compactMap(document.string)
            return strings.count == nodes.count ? strings : nil
        }
        guard let id = node("id").flatMap(document.string), Self.isID(id),
            let label = node("label").flatMap(document.string),
            let digest = node("digest").flatMap(document.string).flatMap(Digests.bytes(hex:)),
            digest.count == Digests.byteCount,
            let names = strings("actions"), let created = seconds("created"),
            let models = node("models")
        else { return nil }
        let actions = names.compactMap(KeyGrant.Action.init(rawValue:))
        // An entry that is not understood whole is not used in part: it could allow more than was meant.
        guard actions.count == names.count else { return nil }
        let named = strings("models")
        guard named != nil || document.kind(of: models) == .null else { return nil }
        let revoked = node("revoked")
        guard revoked == nil || seconds("revoked") != nil else { return nil }
        self.init(
            id: id, label: label, digest: digest,
            grant: KeyGrant(actions: Set(actions), models: named.map { Set($0.map { Text($0) }) }),
            created: created, revoked: seconds("revoked"))
    }

    private static var lineLimits: JSONLimits { JSONLimits(depthMax: 3, tokensMax: 10_000) }
}
