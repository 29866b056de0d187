/// One or more atomic batches of changes that share the bytes they came in.
///
/// All text lies in one array, `text`, and a change is a handful of ranges in it: reading a request of a
/// thousand changes allocates a few arrays, not some ten thousand strings.
///
/// Invariants:
/// - every range lies within `text`;
/// - `batchEnds` rises strictly and ends with `list.count`; it is empty only if `list` is.
package struct Changes: Sendable {
    /// A range of bytes in ``Changes/text``.
    package struct Slice: Sendable {
        /// Where it begins.
        package let start: Int
        /// How many bytes it has.
        package let count: Int

        /// Creates the range `start ..< start + count`.
        package init(start: Int, count: Int) {
            self.start = start
            self.count = count
        }

        /// No bytes.
        package static let empty = Slice(start: 0, count: 0)

        /// The range as a Swift range.
        package var range: Range<Int> { self.start..<self.start + self.count }
    }

    /// A scalar whose canonical text lies in ``Changes/text``.
    package struct ScalarSlice: Sendable {
        /// The JSON type.
        package let kind: Scalar.Kind
        /// The canonical text.
        package let text: Slice

        /// Creates a scalar from its type and text.
        package init(kind: Scalar.Kind, text: Slice) {
            self.kind = kind
            self.text = text
        }
    }

    /// A property and its value, of a change that is in their group.
    package struct Group: Sendable {
        /// The property's name.
        package let property: Slice
        /// The property's value.
        package let value: ScalarSlice

        /// Creates a pair.
        package init(property: Slice, value: ScalarSlice) {
            self.property = property
            self.value = value
        }
    }

    /// A further rendering of the instance.
    package struct View: Sendable {
        /// The rendering's name.
        package let name: Slice
        /// The rendering, as minified JSON.
        package let json: Slice

        /// Creates a rendering.
        package init(name: Slice, json: Slice) {
            self.name = name
            self.json = json
        }
    }

    /// What a producer did to one instance.
    package struct Change: Sendable {
        /// What was done.
        package let action: Action
        /// The model's label.
        package let model: Slice
        /// The instance's primary key.
        package let key: ScalarSlice
        /// The groups that the instance is in, in the order in which they were declared: indices of ``Changes/groups``.
        package let groups: Range<Int>
        /// The instance as a minified JSON object.
        package let instance: Slice
        /// Further renderings: indices of ``Changes/views``.
        package let views: Range<Int>

        /// Creates a change from its parts.
        package init(
            action: Action, model: Slice, key: ScalarSlice, groups: Range<Int>, instance: Slice,
            views: Range<Int>
        ) {
            self.action = action
            self.model = model
            self.key = key
            self.groups = groups
            self.instance = instance
            self.views = views
        }
    }

    /// The bytes that all slices refer to; what no slice refers to means nothing.
    package var text: [UInt8]
    /// The changes in the order in which they happened.
    package var list: [Change]
    /// The groups of all changes.
    package var groups: [Group]
    /// The further renderings of all changes.
    package var views: [View]
    /// Where each atomic batch ends: exclusive indices of `list`.
    package var batchEnds: [Int]

    /// Creates an empty collection over `text`.
    package init(text: [UInt8] = []) {
        self.text = text
        self.list = []
        self.groups = []
        self.views = []
        self.batchEnds = []
    }

    /// The bytes of `slice` as text of its own.
    package func copy(_ slice: Slice) -> Text {
        Text(bytes: Array(self.text[slice.range]))
    }

    /// Adds `bytes` to `text` and returns where they are.
    package mutating func add(_ bytes: [UInt8]) -> Slice {
        self.add(bytes.span.bytes)
    }

    /// Adds `bytes` to `text` and returns where they are.
    package mutating func add(_ bytes: RawSpan) -> Slice {
        let start = self.text.count
        // Raw memory: copied whole, within the call.
        bytes.withUnsafeBytes { self.text.append(contentsOf: $0) }
        return Slice(start: start, count: bytes.byteCount)
    }
}
