/// What a JSON document may at most be.
package struct JSONLimits: Sendable, Hashable {
    /// The number of arrays and objects within each other; at most 1024.
    package var depthMax: Int
    /// The number of values and keys of a document.
    package var tokensMax: Int
    /// The number of characters of a number.
    package var numberLengthMax: Int

    /// Creates limits.
    package init(depthMax: Int = 32, tokensMax: Int = 1_000_000, numberLengthMax: Int = 32) {
        self.depthMax = depthMax
        self.tokensMax = tokensMax
        self.numberLengthMax = numberLengthMax
    }

    /// A depth of 32, a million values and keys, numbers of 32 characters.
    package static let `default` = JSONLimits()
}
