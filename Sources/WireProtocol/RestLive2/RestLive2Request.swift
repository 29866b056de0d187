package import LogModel

/// What a client of the dialect rest-live 2 (django-rest-live 0.4 to 0.7) asks for.
///
///     {"type": "subscribe", "id": 0, "action": "retrieve", "view_kwargs": {}, "query_params": {},
///      "model": "todolist.Task", "lookup_by": 1}
///     {"type": "subscribe", "id": 1, "action": "list", "view_kwargs": {"list": 14}, "query_params": {},
///      "model": "todolist.Task"}
///     {"type": "unsubscribe", "id": 0}
package enum RestLive2Request: Hashable, Sendable {
    case subscribe(Subscription)
    /// The client's number, as in ``RestLive2Form/id``.
    case unsubscribe(id: [UInt8])

    /// Which instances a subscription is for. The raw values are part of the protocol.
    package enum Action: String, Hashable, Sendable, CaseIterable {
        /// All for which the conditions hold.
        case list
        /// One of these.
        case retrieve
    }

    /// What a client wants to be told.
    package struct Subscription: Hashable, Sendable {
        /// What its frames say.
        package let form: RestLive2Form
        /// The model's label.
        package let model: Text
        /// All instances, or one.
        package let action: Action
        /// What has to hold of an instance, each property once.
        package let members: [Member]
        /// By what the one instance is found that is wanted; nil of a list, and if it cannot be found by what is given.
        package let lookup: Condition?
    }

    /// A member of `view_kwargs` or `query_params`.
    package struct Member: Hashable, Sendable {
        /// What the client calls the property.
        package let name: Text
        /// What has to hold.
        package let condition: Condition
    }

    /// The most bytes of a client's number: it is in every frame.
    package static let idByteCountMax = 256

    /// Reads a message, which is an object; nil if it is to be ignored, because it has no `id`.
    ///
    /// - Parameters:
    ///   - rules: what is configured of models: their keys, aliases and lookups.
    ///   - label: the model that a client means by a name; nil if it is none.
    package init?(
        _ document: JSONDocument, rules: ModelRules = .none, label: (Text) -> Text? = { $0 }
    ) throws(RestLive2Error) {
        let root = document.root
        guard let node = document.member("id", of: root), document.kind(of: node) != .null else {
            return nil
        }
        let id = JSONText.minified(document.rawText(of: node))
        guard id.count <= Self.idByteCountMax else {
            throw .longID(countMax: Self.idByteCountMax)
        }
        let type = document.member("type", of: root)
        switch type.flatMap({ document.string($0) }) {
        case "subscribe":
            self = .subscribe(try Subscription(document, id: id, rules: rules, label: label))
        case "unsubscribe": self = .unsubscribe(id: id)
        default: throw .unknownType(id, Self.printed(type, document))
        }
    }

    /// What Python prints of a value, or its JSON, up to a length.
    fileprivate static func printed(
        _ node: JSONDocument.Node?, _ document: JSONDocument
    ) -> String {
        guard let node else { return "None" }
        switch document.kind(of: node) {
        case .null: return "None"
        case .boolean: return document.boolean(node) == true ? "True" : "False"
        case .string: return Self.bounded(document.string(node) ?? "")
        case .number, .array, .object:
            return Self.bounded(String(decoding: document.rawText(of: node), as: UTF8.self))
        }
    }

    private static func bounded(_ text: String) -> String {
        let start = text.unicodeScalars.prefix(RequestLimits.default.modelBytesMax)
        return start.endIndex == text.endIndex ? text : String(start) + "…"
    }
}

extension RestLive2Request.Subscription {
    /// Reads a request to subscribe. What is wrong is told in the original's order.
    fileprivate init(
        _ document: JSONDocument, id: [UInt8], rules: ModelRules, label: (Text) -> Text?
    ) throws(RestLive2Error) {
        let root = document.root
        let limits = RequestLimits.default
        let name = document.member("model", of: root)
        guard let name, let bytes = document.stringBytes(name), !bytes.isEmpty else {
            throw .noModel(id)
        }
        guard bytes.count <= limits.modelBytesMax, let model = label(Text(bytes: bytes)) else {
            throw .unknownModel(id, RestLive2Request.printed(name, document))
        }
        let action = document.member("action", of: root).flatMap { document.string($0) }
        guard let action = action.flatMap({ RestLive2Request.Action(rawValue: $0) }) else {
            throw .unknownAction(id)
        }
        let rules = rules[model]
        var conditions = RestLive2Conditions(id: id, rules: rules)
        for name in ["view_kwargs", "query_params"] {
            try conditions.add(document.member(name, of: root), name, of: document)
        }
        var members = conditions.members
        let lookup = action == .retrieve ? Self.lookup(document, rules) : nil
        // What says the same as `lookup_by` adds nothing, and must not hold the subscription to it: it is the instance
        // that is followed. What says something else finds nothing.
        let place = members.firstIndex { $0.condition.property == lookup?.property }
        let isFound = place.map { members.remove(at: $0).condition.isSame(as: lookup) } ?? true
        self.form = RestLive2Form(id: id, model: Text(bytes: bytes), lookup: rules?.lookup)
        self.model = model
        self.action = action
        self.members = members
        self.lookup = isFound ? lookup : nil
    }

    /// What has to hold of an instance.
    package var conditions: [Condition] { self.members.map(\.condition) }

    /// By what an instance is found; nil if `lookup_by` is none.
    private static func lookup(
        _ document: JSONDocument, _ rules: ModelRules.Model?
    ) -> Condition? {
        let node = document.member("lookup_by", of: document.root)
        guard let value = node.flatMap(document.scalar), value.kind != .null,
            value.text.bytes.count <= RequestLimits.default.valueBytesMax
        else { return nil }
        return Condition(property: rules?.lookup ?? rules.key, test: .isIn([value]))
    }
}

/// Collects what `view_kwargs` and `query_params` say of the instances that are wanted.
private struct RestLive2Conditions {
    let id: [UInt8]
    let rules: ModelRules.Model?
    /// Each property once.
    private(set) var members: [RestLive2Request.Member] = []

    init(id: [UInt8], rules: ModelRules.Model?) {
        self.id = id
        self.rules = rules
    }

    /// Adds the members of an object; none of null or of one that is missing.
    mutating func add(
        _ node: JSONDocument.Node?, _ name: String, of document: JSONDocument
    ) throws(RestLive2Error) {
        guard let node, document.kind(of: node) != .null else { return }
        guard document.kind(of: node) == .object else {
            throw .invalid(self.id, "`\(name)` must be an object of properties and their values.")
        }
        let limits = RequestLimits.default
        for member in document.members(of: node) {
            let excerpt = RequestError.excerpt(member.key.string)
            guard let value = document.scalar(member.value) else {
                throw .invalid(
                    self.id,
                    "\(excerpt) in `\(name)` must be a string, a number, true, false or null."
                )
            }
            guard !member.key.bytes.isEmpty, member.key.bytes.count <= limits.propertyBytesMax,
                value.text.bytes.count <= limits.valueBytesMax
            else {
                throw .invalid(
                    self.id,
                    "\(excerpt) in `\(name)` must have a name of 1 to \(limits.propertyBytesMax) bytes and "
                        + "a value of at most \(limits.valueBytesMax): there are no groups for others."
                )
            }
            let condition = Condition(
                property: self.rules.restLiveProperty(member.key), test: .isIn([value]))
            if let other = self.members.first(where: {
                $0.condition.property == condition.property
            }) {
                guard other.condition.isSame(as: condition) else {
                    throw .invalid(
                        self.id,
                        "\(excerpt) in `\(name)` is there with another value already, perhaps by another name."
                    )
                }
                continue
            }
            self.members.append(RestLive2Request.Member(name: member.key, condition: condition))
            guard self.members.count <= limits.conditionCountMax else {
                throw .invalid(
                    self.id,
                    "`view_kwargs` and `query_params` have at most \(limits.conditionCountMax) members."
                )
            }
        }
    }
}

extension Condition {
    /// Whether both want the same group.
    fileprivate func isSame(as other: Condition?) -> Bool {
        guard let other, case .isIn(let values) = self.test, case .isIn(let others) = other.test,
            let value = values.first, let another = others.first
        else { return false }
        return self.property == other.property && value.isSameGroupValue(as: another)
    }
}
