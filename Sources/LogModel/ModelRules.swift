/// What a configuration says of models, as far as changes and requests are read by it: which property is the key,
/// which ones are groups, and by which other names clients ask for them.
///
/// A value that is made once, when a configuration is read, and never changes. A model is found by the bytes of its
/// label, without a copy of them: each change that comes in is looked up.
public struct ModelRules: Sendable {
    /// The rules of one model.
    public struct Model: Hashable, Sendable {
        /// The model's label.
        public let label: Text
        /// The property that is the primary key.
        public let key: Text
        /// The properties that are groups of a record, in the order as declared; nil for every scalar property.
        public let recordedGroups: [Text]?
        /// Other names by which clients ask for a property, and the property.
        public let aliases: [Text: Text]
        /// The property by which clients of rest-live 2 look up an instance; nil for the key.
        public let lookup: Text?

        /// Creates the rules of the model with the label `label`.
        public init(
            label: Text, key: Text = ModelRules.defaultKey, recordedGroups: [Text]? = nil,
            aliases: [Text: Text] = [:], lookup: Text? = nil
        ) {
            self.label = label
            self.key = key
            self.recordedGroups = recordedGroups
            self.aliases = aliases
            self.lookup = lookup == key ? nil : lookup
        }

        /// The property that a client means by `name`.
        public func property(_ name: Text) -> Text { self.aliases[name] ?? name }

        /// Whether `name` is the model's primary key.
        public func isKey(_ name: Span<UInt8>) -> Bool { self.key.bytes.isSame(as: name) }

        /// Whether the property `name`, if it is a scalar, is a group.
        public func records(_ name: Span<UInt8>) -> Bool {
            guard let recordedGroups else { return true }
            for group in recordedGroups where group.bytes.isSame(as: name) { return true }
            return false
        }
    }

    private let models: [Model]
    /// Places in `models`, or -1: an open hash table, whose length is a power of two and at least twice as much.
    private let table: [Int32]
    /// Whether a model's rules are known to whom these are for; nil if all are.
    private var isShown: (@Sendable (_ label: Text) -> Bool)?

    /// Creates the rules of `models`. Of two with one label the last counts.
    public init(_ models: [Model] = []) {
        let distinct = Dictionary(models.map { ($0.label, $0) }) { $1 }
        let models = models.filter { distinct[$0.label] == $0 }
        var count = 2
        while count < 2 * models.count { count *= 2 }
        var table = [Int32](repeating: -1, count: count)
        for (place, model) in models.enumerated() {
            let label = model.label.bytes
            var slot = Self.hash(label.span) & (count - 1)
            while table[slot] >= 0 { slot = (slot + 1) & (count - 1) }
            table[slot] = Int32(place)
        }
        self.models = models
        self.table = table
    }

    /// The property that is the key of a model without rules, or whose rules do not say.
    public static let defaultKey: Text = "id"

    /// The most properties of an instance that are groups.
    public static let groupCountMax = 64
    /// The most bytes of the name of a property that is a group.
    public static let groupNameBytesMax = 128

    /// No model has rules.
    public static let none = ModelRules()

    /// These rules for somebody who is to know only of those models of which `isShown` says so. It is asked when a model is
    /// looked up.
    public func limited(to isShown: @escaping @Sendable (_ label: Text) -> Bool) -> ModelRules {
        var rules = self
        rules.isShown = isShown
        return rules
    }

    /// Whether no model has rules.
    public var isEmpty: Bool { self.models.isEmpty }

    /// The rules at a place that ``place(of:)`` gave.
    public subscript(place: Int) -> Model { self.models[place] }

    /// The rules of the model with this label; nil if it has none.
    public subscript(label: Text) -> Model? {
        let bytes = label.bytes
        guard let place = self.place(of: bytes.span) else { return nil }
        return self.models[place]
    }

    /// Whether the rules at `place` are those of the model with this label.
    public func isLabel(_ label: Span<UInt8>, at place: Int) -> Bool {
        self.models[place].label.bytes.isSame(as: label)
    }

    /// Where the rules of the model with this label are; nil if it has none.
    public func place(of label: Span<UInt8>) -> Int? {
        guard !self.models.isEmpty else { return nil }
        let mask = self.table.count - 1
        var slot = Self.hash(label) & mask
        while self.table[slot] >= 0 {
            let place = Int(self.table[slot])
            if self.models[place].label.bytes.isSame(as: label) {
                return self.isShown?(self.models[place].label) ?? true ? place : nil
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// FNV-1a. Who fills the table writes the configuration, so that nobody can make its labels collide; and a
    /// label from elsewhere is compared with no more than those that are in the table.
    private static func hash(_ label: Span<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in label.indices { hash = (hash ^ UInt64(label[index])) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ (hash >> 32))
    }
}

extension [UInt8] {
    /// Whether both have the same bytes.
    fileprivate func isSame(as other: borrowing Span<UInt8>) -> Bool {
        guard self.count == other.count else { return false }
        for index in self.indices where self[index] != other[index] { return false }
        return true
    }
}
