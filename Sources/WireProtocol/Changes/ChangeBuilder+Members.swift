import CJSON
import LogModel

/// Checking the members of one change. `index` is a member's token, or 0 if it is missing.
extension ChangeBuilder {
    mutating func model(
        _ index: Int, _ root: Int, _ source: borrowing ChangeSource
    ) throws(ChangeRefusal) -> Changes.Slice {
        guard index != 0 else {
            throw self.refusal(
                "missing-model", "the change has no model: add the model's label as \"model\"",
                root, root, source)
        }
        let token = source.tokens[index]
        let slice = self.content(of: token, source)
        let isRight =
            token.kind == Token.string && slice.count > 0
            && slice.count <= self.limits.modelBytesMax && !self.hasControl(slice, token, source)
        guard isRight else {
            throw self.refusal(
                "invalid-model",
                "model must be a string of 1 to \(self.limits.modelBytesMax) bytes without control "
                    + "characters",
                index, root, source)
        }
        return slice
    }

    /// Whether there is a C0 control character or DEL; of the former only escapes get this far.
    private func hasControl(
        _ slice: Changes.Slice, _ token: Token, _ source: borrowing ChangeSource
    ) -> Bool {
        token.escaped == 0
            ? source.hasDelete(token)
            : self.bytes(slice, source).contains { $0 < 0x20 || $0 == 0x7F }
    }

    func action(
        _ index: Int, _ root: Int, _ source: borrowing ChangeSource
    ) throws(ChangeRefusal) -> Action {
        guard index != 0 else {
            throw self.refusal(
                "missing-action",
                "the change has no action: add \"action\" with CREATED, UPDATED or DELETED",
                root, root, source)
        }
        let token = source.tokens[index]
        if token.kind == Token.string {
            let action =
                token.escaped == 0
                ? source.word(of: token).flatMap(Action.init(word:))
                : Self.escapedAction(index, source)
            if let action { return action }
        }
        throw self.refusal(
            "unknown-action", "action must be \"CREATED\", \"UPDATED\" or \"DELETED\"",
            index, root, source)
    }

    @inline(never)
    private static func escapedAction(_ index: Int, _ source: borrowing ChangeSource) -> Action? {
        let name = source.string(of: source.tokens[index])
        return Action.allCases.first { "\($0.name)" == name }
    }

    /// The instance, and the token of the property that is its key, or 0. Adds its groups.
    ///
    /// - Parameter rules: where the rules of its model are; nil if it has none.
    mutating func instance(
        _ index: Int, _ rules: Int?, _ root: Int, _ source: borrowing ChangeSource
    ) throws(ChangeRefusal) -> (slice: Changes.Slice, id: Int) {
        guard index != 0 else {
            throw self.refusal(
                "missing-instance",
                "the change has no instance: add the instance's properties as \"instance\"",
                root, root, source)
        }
        let token = source.tokens[index]
        guard token.kind == Token.object else {
            throw self.refusal(
                "invalid-instance", "instance must be a JSON object", index, root, source)
        }
        let slice = self.minified(token, source)
        guard slice.count <= self.limits.instanceBytesMax else {
            throw self.refusal(
                "instance-too-large",
                "the instance has more than \(self.limits.instanceBytesMax) bytes of JSON: "
                    + "publish less of it",
                index, root, source)
        }
        guard let rules else { return (slice, self.addInstanceGroups(of: index, source)) }
        return (slice, self.addGroups(of: index, by: self.rules[rules], source))
    }

    mutating func key(
        _ index: Int, id: Int, _ rules: Int?, _ root: Int, _ source: borrowing ChangeSource
    ) throws(ChangeRefusal) -> Changes.ScalarSlice {
        let index = index != 0 ? index : id
        guard index != 0 else {
            throw self.refusal(
                "missing-key",
                "the change has no key: add \"key\", or the property \"\(self.keyName(rules))\" to the "
                    + "instance",
                root, root, source)
        }
        let token = source.tokens[index]
        let slice = self.content(of: token, source)
        guard !token.isContainer, token.kind != Token.null,
            slice.count <= self.limits.keyBytesMax, let kind = Scalar.Kind(token)
        else {
            throw self.refusal(
                "invalid-key",
                "the key, or else the instance's \(self.keyName(rules)), must be a string, number or "
                    + "boolean of at most \(self.limits.keyBytesMax) bytes",
                index, root, source)
        }
        return Changes.ScalarSlice(kind: kind, text: slice)
    }

    /// The name of the property that is the key.
    private func keyName(_ rules: Int?) -> String {
        (rules.map { self.rules[$0].key } ?? ModelRules.defaultKey).string
    }

    mutating func addViews(
        at index: Int, _ root: Int, _ source: borrowing ChangeSource
    ) throws(ChangeRefusal) {
        let token = source.tokens[index]
        guard token.kind == Token.object else {
            throw self.refusal(
                "invalid-views", "views must be a JSON object of renderings by name",
                index, root, source)
        }
        var at = index + 1
        var count = 0
        while at < Int(token.next) {
            let name = self.content(of: source.tokens[at], source)
            count += 1
            guard name.count > 0, name.count <= self.limits.viewNameBytesMax,
                count <= self.limits.viewCountMax
            else {
                throw self.refusal(
                    "invalid-views",
                    "views must be at most \(self.limits.viewCountMax) renderings with names of 1 "
                        + "to \(self.limits.viewNameBytesMax) bytes",
                    at, root, source)
            }
            let json = self.minified(source.tokens[at + 1], source)
            self.addView(name: name, json: json)
            at = Int(source.tokens[at + 1].next)
        }
    }
}

extension Action {
    /// The action with the name `word`, as ``ChangeSource/word(of:)`` gives it.
    @inline(__always)
    fileprivate init?(word: UInt64) {
        if word == UInt64(word: "CREATED") {
            self = .created
        } else if word == UInt64(word: "UPDATED") {
            self = .updated
        } else if word == UInt64(word: "DELETED") {
            self = .deleted
        } else {
            return nil
        }
    }
}

extension Scalar.Kind {
    /// What a scalar's token is; nil for other tokens.
    @inline(__always)
    init?(_ token: ChangeSource.Token) {
        switch token.kind {
        case ChangeSource.Token.null: self = .null
        case ChangeSource.Token.string: self = .string
        case ChangeSource.Token.number: self = .number
        case ChangeSource.Token.boolean: self = .boolean
        default: return nil
        }
    }
}
