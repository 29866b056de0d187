package import LogModel

/// Builds changes from simple values.
///
///     var builder = ChangesBuilder()
///     builder.add(.created, "todolist.Task", key: .number(1), groups: [("list_id", .number(42))])
///     builder.endBatch()
///     let changes = builder.finish()
package struct ChangesBuilder {
    private var changes = Changes()

    /// Creates a builder without changes.
    package init() {}

    /// Adds a change to the batch at hand.
    ///
    /// - Parameter instance: the instance as minified JSON; by default an object of the key, as `id`, and the
    ///   groups, whose texts must need no escapes then.
    package mutating func add(
        _ action: Action, _ model: Text, key: Scalar, groups: [(Text, Scalar)] = [],
        instance: String? = nil
    ) {
        let modelSlice = self.changes.add(model.bytes)
        let keySlice = self.add(key)
        let first = self.changes.groups.count
        for (property, value) in groups {
            let name = self.changes.add(property.bytes)
            self.changes.groups.append(Changes.Group(property: name, value: self.add(value)))
        }
        let json = instance ?? Self.json([("id", key)] + groups)
        self.changes.list.append(
            Changes.Change(
                action: action, model: modelSlice, key: keySlice,
                groups: first..<self.changes.groups.count,
                instance: self.changes.add(Array(json.utf8)),
                views: 0..<0))
    }

    /// Ends the batch at hand, which has a change.
    package mutating func endBatch() {
        precondition(
            self.changes.list.count > (self.changes.batchEnds.last ?? 0), "a batch has a change")
        self.changes.batchEnds.append(self.changes.list.count)
    }

    /// The changes; what was added since the last batch is one more.
    package consuming func finish() -> Changes {
        if self.changes.list.count > (self.changes.batchEnds.last ?? 0) { self.endBatch() }
        return self.changes
    }

    private mutating func add(_ scalar: Scalar) -> Changes.ScalarSlice {
        Changes.ScalarSlice(kind: scalar.kind, text: self.changes.add(scalar.text.bytes))
    }

    static func json(_ members: [(Text, Scalar)]) -> String {
        let parts = members.map { "\"\($0)\":\(self.json($1))" }
        return "{" + parts.joined(separator: ",") + "}"
    }

    private static func json(_ scalar: Scalar) -> String {
        switch scalar.kind {
        case .null: "null"
        case .string: "\"\(scalar.text)\""
        case .number, .boolean: scalar.text.string
        }
    }
}
