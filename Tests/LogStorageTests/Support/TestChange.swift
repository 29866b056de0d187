import LogFormat
import LogModel
import LogStorage

/// A change as a value, for tests to write down.
struct TestChange: Hashable, Sendable {
    var action: Action = .created
    var model: Text = "todo.Task"
    var key: Scalar = .number(1)
    var groups: [TestGroup] = []
    var instance = "{}"
}

/// A property and its value.
struct TestGroup: Hashable, Sendable {
    let property: Text
    let value: Scalar

    init(_ property: Text, _ value: Scalar) {
        self.property = property
        self.value = value
    }

    /// The group of all records of the model.
    static let model = TestGroup("", .null)

    /// Whether both name the same group of one model.
    func isSame(as other: TestGroup) -> Bool {
        self.property == other.property && self.value.isSameGroupValue(as: other.value)
    }
}

extension Changes {
    /// One batch of `list`.
    init(_ list: [TestChange]) {
        self.init()
        for change in list {
            let start = self.groups.count
            for group in change.groups {
                let property = self.add(group.property.bytes)
                self.groups.append(Group(property: property, value: self.add(group.value)))
            }
            let model = self.add(change.model.bytes)
            let key = self.add(change.key)
            self.list.append(
                Change(
                    action: change.action, model: model, key: key,
                    groups: start..<self.groups.count,
                    instance: self.add(Array(change.instance.utf8)),
                    views: 0..<0))
        }
        self.batchEnds = [self.list.count]
    }

    private mutating func add(_ scalar: Scalar) -> ScalarSlice {
        ScalarSlice(kind: scalar.kind, text: self.add(scalar.text.bytes))
    }
}

extension LogWriter {
    /// Appends one batch of `list`.
    @discardableResult
    func append(
        _ list: [TestChange], producer: ProducerIdentity? = nil, time: Int64 = 1
    ) throws(StorageError) -> Placement {
        var changes = Changes(list)
        return try self.append(0..<list.count, of: &changes, producer: producer, time: time)
    }

    /// Writes, syncs and shows what was appended.
    func commit() throws(StorageError) {
        try self.write()
        try self.synchronize()
        self.publish()
    }

    /// Appends and commits each of `batches`.
    func commit(_ batches: [[TestChange]]) throws(StorageError) {
        for batch in batches {
            try self.append(batch)
            try self.commit()
        }
    }
}

extension LogWriter.Placement {
    /// The place and whether the batch was there already, in one text for tests to compare.
    var text: String { "\(self.first) to \(self.last), \(self.isRepeated ? "repeated" : "new")" }
}
