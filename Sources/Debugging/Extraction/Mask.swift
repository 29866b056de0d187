import LogFormat
package import LogModel
import WireProtocol

/// What is hidden of instances in a log that is given away.
///
/// A value that is hidden becomes another one of the same kind that says nothing of it, but that is the same wherever the
/// value is: so groups stay groups, and keys lead from one instance to another. Whoever does not know the secret,
/// which is drawn for each extraction and kept nowhere, can find out a value neither from it nor by trying.
package struct Mask: Sendable {
    /// A property of a model.
    package struct Field: Hashable, Sendable {
        /// The model's label.
        package let model: Text
        /// The property.
        package let property: Text

        /// Reads `todolist.Task.text`: what is behind the last point is the property. Nil if there is none.
        package init?(_ text: String) {
            guard let point = text.lastIndex(of: "."), point > text.startIndex,
                text.index(after: point) < text.endIndex
            else { return nil }
            self.model = Text(String(text[..<point]))
            self.property = Text(String(text[text.index(after: point)...]))
        }
    }

    /// The fields that are hidden.
    package let fields: Set<Field>
    private let models: Set<Text>
    private let secret: SipHash.Key

    /// Creates a mask that hides `fields`, by a secret of two numbers that nobody can guess.
    package init(_ fields: [Field], secret: (UInt64, UInt64)) {
        self.fields = Set(fields)
        self.models = Set(fields.map(\.model))
        self.secret = SipHash.Key(low: secret.0, high: secret.1)
    }

    /// The change in `line`, as `livelog publish` takes it, without what is hidden. Further renderings of an instance of
    /// which something is hidden are left out.
    func apply(to line: [UInt8]) throws(JSONError) -> [UInt8] {
        guard !self.fields.isEmpty else { return line }
        let document = try JSONDocument(parsing: line)
        guard let node = document.member("model", of: document.root),
            let bytes = document.stringBytes(node), self.models.contains(Text(bytes: bytes))
        else { return line }
        let model = Text(bytes: bytes)
        var masked = JSONLine()
        for member in document.members(of: document.root) {
            switch member.key.string {
            case "instance", "groups":
                masked.add(
                    member.key.string, json: self.object(member.value, document, model))
            case "key":
                // It stands by itself where it is not the property `id`; it may be another one that is hidden.
                let isHidden = self.isHidden(document.scalar(member.value), document, model)
                masked.add(
                    "key",
                    json: isHidden
                        ? self.hidden(member.value, document)
                        : Array(document.rawText(of: member.value)))
            case "views": break
            default: masked.add(member.key.string, json: document.rawText(of: member.value))
            }
        }
        return masked.line
    }

    /// Whether `key` is the value of a property of the instance that is hidden.
    private func isHidden(_ key: Scalar?, _ document: JSONDocument, _ model: Text) -> Bool {
        guard let key, let instance = document.member("instance", of: document.root) else {
            return false
        }
        return document.members(of: instance).contains { member in
            self.fields.contains(Field(model: model, property: member.key))
                && document.scalar(member.value)?.isSameGroupValue(as: key) == true
        }
    }

    private func object(
        _ node: JSONDocument.Node, _ document: JSONDocument, _ model: Text
    ) -> [UInt8] {
        var masked = JSONLine()
        for member in document.members(of: node) {
            let isHidden = self.fields.contains(Field(model: model, property: member.key))
            masked.add(
                member.key.string,
                json: isHidden
                    ? self.hidden(member.value, document)
                    : Array(document.rawText(of: member.value)))
        }
        return Array(masked.text.utf8)
    }

    /// What stands for a value. That it is null, true or false is not hidden; lists and objects become null.
    private func hidden(_ node: JSONDocument.Node, _ document: JSONDocument) -> [UInt8] {
        switch document.kind(of: node) {
        case .null, .boolean: return Array(document.rawText(of: node))
        case .array, .object: return Array("null".utf8)
        case .number: return Array(String(self.hash(document.scalar(node)) % 1_000_000_007).utf8)
        case .string:
            return Array("\"hidden-\(self.hash(document.scalar(node)).hexadecimal)\"".utf8)
        }
    }

    private func hash(_ scalar: Scalar?) -> UInt64 {
        var hash = SipHash(key: self.secret)
        let bytes = scalar?.text.bytes ?? []
        hash.add(bytes.span.bytes)
        return hash.finish()
    }
}

extension Mask.Field {
    fileprivate init(model: Text, property: Text) {
        self.model = model
        self.property = property
    }
}
