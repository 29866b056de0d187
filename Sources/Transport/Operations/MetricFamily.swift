/// A metric that the server shows: its name, what kind it is, and what it means.
///
/// `docs/operations.md` has a row for each; a test holds the two together.
package struct MetricFamily: Hashable, Sendable {
    /// How its values behave.
    package enum Kind: String, Sendable {
        /// Only rises, and begins at 0 when the process does.
        case counter
        /// Goes up and down.
        case gauge
        /// How often values fell below certain bounds.
        case histogram
    }

    /// The name, with its unit, and `_total` if it is a counter.
    package let name: String
    package let kind: Kind
    /// One line of text.
    package let help: String

    /// Creates a family.
    package init(_ kind: Kind, _ name: String, _ help: String) {
        self.kind = kind
        self.name = name
        self.help = help
    }
}
