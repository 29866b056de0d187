package import LogModel

/// What a client of the dialect rest-live 1 (django-rest-live 0.1 to 0.3) asks for.
///
///     {"model": "todolist.Task", "property": "list_id", "value": 1}
///     {"unsubscribe": true, "model": "todolist.Task", "property": "list_id", "value": 1}
///
/// The dialect knows no answers and no errors: what cannot be understood is ignored, and so is what is too long to be
/// in a record.
package enum RestLive1Request: Hashable, Sendable {
    case subscribe(GroupKey)
    case unsubscribe(GroupKey)

    /// Reads a message; nil if it is to be ignored.
    ///
    /// As in the original, `unsubscribe` counts if Python takes it as true, and a missing or null `property`
    /// means the primary key.
    ///
    /// - Parameters:
    ///   - rules: which property is the key, and what else stands for a property.
    ///   - label: the model that a client means by a name; nil if it is none.
    package init?(
        _ document: JSONDocument, rules: ModelRules = .none, label: (Text) -> Text? = { $0 }
    ) {
        let root = document.root
        let limits = RequestLimits.default
        guard
            let name = document.member("model", of: root).flatMap(document.stringBytes),
            name.count <= limits.modelBytesMax, let model = label(Text(bytes: name)),
            let value = document.member("value", of: root).flatMap(document.scalar),
            value.kind != .null
        else { return nil }
        let rules = rules[model]
        var property = rules.key
        if let node = document.member("property", of: root), document.kind(of: node) != .null {
            guard let name = document.stringBytes(node), !name.isEmpty else { return nil }
            property = rules.restLiveProperty(Text(bytes: name))
        }
        let group = GroupKey(model: model, property: property, value: value)
        guard property.bytes.count <= limits.propertyBytesMax,
            value.text.bytes.count <= limits.valueBytesMax
        else { return nil }
        let isUnsubscribing =
            document.member("unsubscribe", of: root).map { Self.isTrue($0, document) } ?? false
        self = isUnsubscribing ? .unsubscribe(group) : .subscribe(group)
    }

    /// What Python's `bool` says of the value.
    private static func isTrue(_ node: JSONDocument.Node, _ document: JSONDocument) -> Bool {
        switch document.kind(of: node) {
        case .null: false
        case .boolean: document.boolean(node) ?? false
        case .number:
            // What is too small for a double is zero there as here.
            Double(String(decoding: document.rawText(of: node), as: UTF8.self)) != 0
        case .string: !(document.stringBytes(node) ?? []).isEmpty
        case .array: !document.elements(of: node).isEmpty
        case .object: !document.members(of: node).isEmpty
        }
    }
}
