package import Replication

/// Writes metrics in Prometheus' text format, version 0.0.4. Pure.
///
/// A family is written once, with all its samples: families with the same name in two places are not allowed
/// by the format.
package struct PrometheusText {
    /// The format's media type.
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// A label's name and value.
    package typealias Label = (String, String)

    /// Creates an empty page.
    package init() {}

    /// What was written so far.
    package private(set) var text = ""

    /// Writes a family of one sample without labels.
    package mutating func add(_ family: MetricFamily, _ value: some BinaryInteger) {
        self.begin(family)
        self.sample(family.name, [], String(value))
    }

    /// Writes a family of one sample without labels.
    package mutating func add(_ family: MetricFamily, _ value: Double) {
        self.begin(family)
        self.sample(family.name, [], Self.number(value))
    }

    /// Writes a family with a sample for each value of a label.
    package mutating func add(
        _ family: MetricFamily, by label: String, _ samples: [(String, Int)]
    ) {
        self.begin(family)
        for (value, count) in samples {
            self.sample(family.name, [(label, value)], String(count))
        }
    }

    /// Writes a family with a sample for each set of labels.
    package mutating func add(_ family: MetricFamily, _ samples: [([Label], Int)]) {
        self.begin(family)
        for (labels, count) in samples {
            self.sample(family.name, labels, String(count))
        }
    }

    /// Writes a histogram for each set of labels.
    package mutating func add(
        _ family: MetricFamily, _ histograms: [([Label], Histogram)]
    ) {
        self.begin(family)
        for (labels, histogram) in histograms {
            var below: UInt64 = 0
            let bounds = histogram.bounds.map { Self.number($0) } + ["+Inf"]
            for (bound, count) in zip(bounds, histogram.counts) {
                below += count
                self.sample("\(family.name)_bucket", labels + [("le", bound)], String(below))
            }
            self.sample("\(family.name)_sum", labels, Self.number(histogram.sum))
            self.sample("\(family.name)_count", labels, String(below))
        }
    }

    private mutating func begin(_ family: MetricFamily) {
        self.text += "# HELP \(family.name) \(Self.escaped(family.help, quotes: false))\n"
        self.text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
    }

    private mutating func sample(_ name: String, _ labels: [Label], _ value: String) {
        self.text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1, quotes: true))\"" }
            self.text += "{" + pairs.joined(separator: ",") + "}"
        }
        self.text += " \(value)\n"
    }

    /// A number as the format has it: without an exponent or fraction that is not needed.
    private static func number(_ value: Double) -> String {
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value.isNaN { return "NaN" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
