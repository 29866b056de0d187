import LogModel

/// What a request with changes may at most be. Sizes are in bytes of UTF-8.
package struct ChangeLimits: Sendable, Hashable {
    /// The number of changes of a request.
    package var changesMax = 100_000
    /// The JSON text of one change, as it was sent.
    package var changeBytesMax = 4 << 20
    /// The minified JSON text of an instance.
    package var instanceBytesMax = 1 << 20
    /// A model's label.
    package var modelBytesMax = 128
    /// The canonical text of a key.
    package var keyBytesMax = 512
    /// The number of properties of one change that are groups.
    package var groupCountMax = ModelRules.groupCountMax
    /// The name of a property that is a group.
    package var groupNameBytesMax = ModelRules.groupNameBytesMax
    /// The canonical text of a group's value.
    package var groupValueBytesMax = 256
    /// The number of further renderings of one change.
    package var viewCountMax = 16
    /// The name of a rendering.
    package var viewNameBytesMax = 128
    /// The number of changes after which a batch ends, where batches go by size.
    package var batchCountMax = 1000
    /// The JSON text of changes that a batch has room for, where batches go by size. A change that is
    /// longer is a batch of its own.
    package var batchBytesMax = 1 << 20
    /// The number of arrays and objects within each other, the change itself included.
    package var depthMax = 32
    /// The number of characters of a number.
    package var numberLengthMax = 32
    /// The number of values and keys of one change.
    package var changeValuesMax = 100_000
    /// The number of values and keys of a JSON body. (Of a body of lines none is counted: it is read
    /// piece by piece.)
    package var bodyValuesMax = 4_000_000

    /// Creates the limits that are documented above.
    package init() {}

    /// The limits that are documented above.
    package static let `default` = ChangeLimits()
}
