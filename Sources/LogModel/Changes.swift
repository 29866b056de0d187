/// One or more atomic batches of changes that share the bytes they came in.
///
/// All text lies in one array, `text`, and a change is a handful of ranges in it: reading a request of a
/// thousand changes allocates a few arrays, not some ten thousand strings.
///
/// The ranges count in 32 bits, as the scanner of JSON does: a request has a few of them for each property, and
/// they wait in the queue of the appender with it.
///
/// What is read or made for each property is public, and not package, since only that is inlined into other
/// modules. No product has this module.
///
/// Invariants:
/// - every range lies within `text`, which has less than 4 GiB;
/// - `batchEnds` rises strictly and ends with `list.count`; it is empty only if `list` is.
public struct Changes: Sendable {
    /// A range of bytes in ``Changes/text``, or of indices of another of its arrays.
    public struct Slice: Sendable {
        private let storedStart: UInt32
        private let storedCount: UInt32

        /// Creates the range `start ..< start + count`.
        public init(start: Int, count: Int) {
            self.storedStart = UInt32(start)
            self.storedCount = UInt32(count)
        }

        /// Creates the range from numbers that have 32 bits already.
        public init(start: UInt32, count: UInt32) {
            self.storedStart = start
            self.storedCount = count
        }

        /// No bytes.
        public static let empty = Slice(start: UInt32(0), count: 0)

        /// Where it begins.
        public var start: Int { Int(self.storedStart) }

        /// How many bytes it has.
        public var count: Int { Int(self.storedCount) }

        /// The range as a Swift range.
        public var range: Range<Int> { self.start..<self.start + self.count }
    }

    /// A scalar whose canonical text lies in ``Changes/text``.
    public struct ScalarSlice: Sendable {
        /// The JSON type.
        public let kind: Scalar.Kind
        /// The canonical text.
        public let text: Slice

        /// Creates a scalar from its type and text.
        public init(kind: Scalar.Kind, text: Slice) {
            self.kind = kind
            self.text = text
        }
    }

    /// A property and its value, of a change that is in their group.
    public struct Group: Sendable {
        /// The property's name.
        public let property: Slice
        /// The property's value.
        public let value: ScalarSlice

        /// Creates a pair.
        public init(property: Slice, value: ScalarSlice) {
            self.property = property
            self.value = value
        }
    }

    /// A further rendering of the instance.
    public struct View: Sendable {
        /// The rendering's name.
        public let name: Slice
        /// The rendering, as minified JSON.
        public let json: Slice

        /// Creates a rendering.
        public init(name: Slice, json: Slice) {
            self.name = name
            self.json = json
        }
    }

    /// What a producer did to one instance.
    public struct Change: Sendable {
        /// What was done.
        public let action: Action
        /// The model's label.
        public let model: Slice
        /// The instance's primary key.
        public let key: ScalarSlice
        private let storedGroups: Slice
        /// The instance as a minified JSON object.
        public let instance: Slice
        private let storedViews: Slice

        /// Creates a change from its parts.
        @inline(__always)
        public init(
            action: Action, model: Slice, key: ScalarSlice, groups: Range<Int>, instance: Slice,
            views: Range<Int>
        ) {
            self.action = action
            self.model = model
            self.key = key
            self.storedGroups = Slice(start: groups.lowerBound, count: groups.count)
            self.instance = instance
            self.storedViews = Slice(start: views.lowerBound, count: views.count)
        }

        /// The groups that the instance is in, in the order in which they were declared: indices of ``Changes/groups``.
        public var groups: Range<Int> { self.storedGroups.range }

        /// Further renderings: indices of ``Changes/views``.
        public var views: Range<Int> { self.storedViews.range }
    }

    /// The bytes that all slices refer to; what no slice refers to means nothing.
    public var text: [UInt8]
    /// The changes in the order in which they happened.
    public var list: [Change]
    /// The groups of all changes.
    public var groups: [Group]
    /// The further renderings of all changes.
    public var views: [View]
    /// Where each atomic batch ends: exclusive indices of `list`.
    public var batchEnds: [Int]

    /// Creates an empty collection over `text`.
    public init(text: [UInt8] = []) {
        self.text = text
        self.list = []
        self.groups = []
        self.views = []
        self.batchEnds = []
    }

    /// The bytes of `slice` as text of its own.
    public func copy(_ slice: Slice) -> Text {
        Text(bytes: Array(self.text[slice.range]))
    }

    /// Adds `bytes` to `text` and returns where they are.
    public mutating func add(_ bytes: [UInt8]) -> Slice {
        self.add(bytes.span.bytes)
    }

    /// Adds `bytes` to `text` and returns where they are.
    public mutating func add(_ bytes: RawSpan) -> Slice {
        let start = self.text.count
        // Raw memory: copied whole, within the call.
        bytes.withUnsafeBytes { self.text.append(contentsOf: $0) }
        return Slice(start: start, count: bytes.byteCount)
    }
}
