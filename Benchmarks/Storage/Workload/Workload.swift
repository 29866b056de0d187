package import LogModel

/// Makes changes of tasks: instances of 256 bytes of JSON with three property groups, as a server that has
/// just parsed a request holds them.
///
/// The text of each task is words of a fixed vocabulary in an order of their own, so that it compresses about
/// as well as what people write.
package struct Workload: Sendable {
    /// One task and what becomes of it.
    package struct Task: Sendable {
        /// What is done.
        package var action: Action
        /// The primary key.
        package var key: Int
        /// The value of `list_id`.
        package var list: Int
        /// The number in the value of `owner`.
        package var owner: Int
        /// The value of `done`.
        package var isDone: Bool

        /// Creates a task.
        package init(_ action: Action, key: Int, list: Int, owner: Int, isDone: Bool = false) {
            self.action = action
            self.key = key
            self.list = list
            self.owner = owner
            self.isDone = isDone
        }
    }

    /// The model of all tasks.
    package static let model: Text = "todolist.Task"
    /// Bytes of an instance.
    package static let instanceByteCount = 256

    private let words: [UInt8]
    private let modelBytes = Self.model.bytes

    /// Prepares the words.
    package init() {
        let vocabulary = """
            the of and a to in is you that it he was for on are as with his they at be this have from or one \
            had by word but not what all were we when your can said there use an each which she do how their \
            review release server customer invoice shipping deadline meeting budget draft kitchen garden
            """
        let list = vocabulary.split(separator: " ").map { Array($0.utf8) }
        var random = Self.Random(seed: 7)
        var words: [UInt8] = []
        words.reserveCapacity(1 << 20)
        while words.count < 1 << 20 {
            words += list[random.below(list.count)]
            words.append(UInt8(ascii: " "))
        }
        self.words = words
    }

    /// The group of all tasks of `list`.
    package static func group(list: Int) -> GroupKey {
        GroupKey(model: self.model, property: "list_id", value: .number(list))
    }

    /// The group of all tasks of the owner with this number.
    package static func group(owner: Int) -> GroupKey {
        GroupKey(model: self.model, property: "owner", value: .string("user-\(owner)"))
    }

    /// Changes of `tasks`, in batches of `batchCount`; the last one may be shorter.
    package func changes(_ tasks: some Sequence<Task>, batchCount: Int) -> Changes {
        var changes = Changes()
        let model = changes.add(self.modelBytes)
        for task in tasks {
            self.add(task, model: model, to: &changes)
            if changes.list.count % batchCount == 0 { changes.batchEnds.append(changes.list.count) }
        }
        if changes.list.count > (changes.batchEnds.last ?? 0) {
            changes.batchEnds.append(changes.list.count)
        }
        return changes
    }

    private func add(_ task: Task, model: Changes.Slice, to changes: inout Changes) {
        typealias Slice = Changes.Slice
        let start = changes.text.count
        let firstGroup = changes.groups.count
        Self.put("{\"id\":", &changes.text)
        let key = Self.put(task.key, &changes.text)
        Self.put(",\"", &changes.text)
        let list = Self.put("list_id", &changes.text)
        Self.put("\":", &changes.text)
        let listValue = Self.put(task.list, &changes.text)
        Self.put(",\"", &changes.text)
        let owner = Self.put("owner", &changes.text)
        Self.put("\":\"", &changes.text)
        let prefix = Self.put("user-", &changes.text)
        let number = Self.put(task.owner, &changes.text)
        let ownerValue = Slice(start: prefix.start, count: prefix.count + number.count)
        Self.put("\",\"", &changes.text)
        let done = Self.put("done", &changes.text)
        Self.put("\":", &changes.text)
        let doneValue = Self.put(task.isDone ? "true" : "false", &changes.text)
        Self.put(",\"text\":\"", &changes.text)
        let fill = start + Self.instanceByteCount - 2 - changes.text.count
        let from = (task.key &* 40_503 &+ start &* 31) % (self.words.count - fill)
        changes.text += self.words[from..<from + fill]
        Self.put("\"}", &changes.text)
        changes.groups.append(
            Changes.Group(property: list, value: .init(kind: .number, text: listValue)))
        changes.groups.append(
            Changes.Group(property: owner, value: .init(kind: .string, text: ownerValue)))
        changes.groups.append(
            Changes.Group(property: done, value: .init(kind: .boolean, text: doneValue)))
        changes.list.append(
            Changes.Change(
                action: task.action, model: model, key: .init(kind: .number, text: key),
                groups: firstGroup..<changes.groups.count,
                instance: Slice(start: start, count: changes.text.count - start), views: 0..<0))
    }

    @discardableResult
    private static func put(_ text: StaticString, _ bytes: inout [UInt8]) -> Changes.Slice {
        let start = bytes.count
        // Raw memory: a literal's bytes, copied whole within the call.
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        return Changes.Slice(start: start, count: bytes.count - start)
    }

    @discardableResult
    private static func put(_ number: Int, _ bytes: inout [UInt8]) -> Changes.Slice {
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
        return Changes.Slice(start: start, count: bytes.count - start)
    }

    /// The same numbers in every run (SplitMix64).
    package struct Random: Sendable {
        private var state: UInt64

        /// Begins the sequence of `seed`.
        package init(seed: UInt64) {
            self.state = seed
        }

        /// A number from 0 to `bound - 1`.
        package mutating func below(_ bound: Int) -> Int {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = self.state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int(truncatingIfNeeded: (mixed ^ (mixed >> 31)) % UInt64(bound))
        }
    }
}
